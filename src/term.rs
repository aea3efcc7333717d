//! How the program speaks: what goes to the terminal goes through here.
//!
//! [`Screen`] is the one way to it: control characters of names and messages are shown, not obeyed, and escapes come from the
//! styles of [`view`] alone. [`ui`] asks and narrates, [`table`] aligns, [`paths`] shows paths below the root as relative,
//! [`json`] writes one document. A report is a function of the facts to a writer, so that tests can read it.

pub(crate) mod args;
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
