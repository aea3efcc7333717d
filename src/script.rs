//! Programs of one file that stand for themselves: what is given to the compiler, and which crates they name.

pub mod body;
pub mod names;
