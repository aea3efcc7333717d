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

pub use bounds::{Bounds, dropped};
pub use choose::usable;
pub use keys::{circumstances_key, is_key, made, summary, unit_key};
pub use linked::{Linked, linked, without_place};
pub use offers::{MOST_UNITS, offers, sound, taken};
pub use places::Places;
pub use times::{Aged, dates};
