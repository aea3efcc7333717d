//! Renders surveys, plans and outcomes. Writes to what it is given and reads nothing.

pub(crate) mod exit;
pub(crate) mod json;
pub(crate) mod paths;
pub(crate) mod progress;
pub(crate) mod screen;
pub(crate) mod table;
pub(crate) mod ui;
pub(crate) mod view;

pub(crate) use crate::term::paths::Paths;
pub(crate) use crate::term::progress::Spinner;
pub(crate) use crate::term::screen::Screen;
pub(crate) use crate::term::view::View;
