//! The store: what units are known by, what providers are asked and what they may answer, which units are of use and
//! how old they look where they go.

mod bounds;
mod choose;
mod keys;
mod linked;
mod offers;
pub mod packs;
mod places;
mod times;

pub use crate::store::bounds::{Bounds, dropped};
pub use crate::store::choose::usable;
pub use crate::store::keys::{circumstances_key, is_key, made, summary, unit_key};
pub use crate::store::linked::{Linked, linked, without_place};
pub use crate::store::offers::{MOST_UNITS, offers, sound, taken};
pub use crate::store::places::Places;
pub use crate::store::times::{Aged, dates};
