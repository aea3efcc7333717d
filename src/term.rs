//! Renders surveys, plans and outcomes. Writes to what it is given and reads nothing.

pub mod exit;
pub mod json;
pub(crate) mod paths;
pub(crate) mod progress;
pub(crate) mod screen;
pub(crate) mod table;
pub(crate) mod ui;
pub(crate) mod view;

pub use crate::term::paths::Paths;
pub use crate::term::progress::Spinner;
pub use crate::term::screen::Screen;
pub use crate::term::view::View;
