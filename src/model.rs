//! The words that everything else speaks: facts without behaviour.
//!
//! A [`Survey`] is what was found, a [`Plan`] is what would be done and what is kept, an [`Outcome`] is what
//! was done. All three serialise as they are, so that the report for people and the one for programs
//! cannot say different things.

mod audit;
mod collect;
mod doctor;
mod folder;
mod hook;
mod kept;
mod listing;
mod local;
mod outcome;
mod plan;
mod relink;
mod script;
mod store;
mod survey;
mod warm;

pub use audit::*;
pub use collect::*;
pub use doctor::*;
pub use folder::*;
pub use hook::*;
pub use kept::*;
pub use listing::*;
pub use local::*;
pub use outcome::*;
pub use plan::*;
pub use relink::*;
pub use script::*;
pub use store::*;
pub use survey::*;
pub use warm::*;
