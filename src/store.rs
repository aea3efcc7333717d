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

pub use bounds::Bounds;
pub use bounds::dropped;
pub use choose::usable;
pub use keys::circumstances_key;
pub use keys::is_key;
pub use keys::made;
pub use keys::summary;
pub use keys::unit_key;
pub use linked::Linked;
pub use linked::linked;
pub use linked::without_place;
pub use offers::MOST_UNITS;
pub use offers::offers;
pub use offers::sound;
pub use offers::taken;
pub use places::Places;
pub use times::Aged;
pub use times::dates;
