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

pub use crate::store::bounds::Bounds;
pub use crate::store::bounds::dropped;
pub use crate::store::choose::usable;
pub use crate::store::keys::circumstances_key;
pub use crate::store::keys::is_key;
pub use crate::store::keys::made;
pub use crate::store::keys::summary;
pub use crate::store::keys::unit_key;
pub use crate::store::linked::Linked;
pub use crate::store::linked::linked;
pub use crate::store::linked::without_place;
pub use crate::store::offers::MOST_UNITS;
pub use crate::store::offers::offers;
pub use crate::store::offers::sound;
pub use crate::store::offers::taken;
pub use crate::store::places::Places;
pub use crate::store::times::Aged;
pub use crate::store::times::dates;
