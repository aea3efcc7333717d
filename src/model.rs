//! The words that everything else speaks: facts without behaviour.
//!
//! A [`Survey`] is what was found, a [`Plan`] is what would be done and what is kept, an [`Outcome`] is what
//! was done. All three serialise as they are, so that the report for people and the one for programs
//! cannot say different things.
