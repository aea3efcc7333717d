//! Replaces remote stores in a program that was built without them.

use std::collections::BTreeMap;
use std::convert::Infallible;

use anyhow::{Result, anyhow};

use crate::remote::Listed;
use crate::remote::secrets::Secrets;
use crate::text::failure::Hint as _;

/// A remote store. There is none in this program.
#[derive(Debug)]
pub(crate) struct Remote {
    never: Infallible,
}

/// Says that this program has no remote stores.
///
/// # Errors
///
/// Always.
pub(crate) fn open(_settings: &BTreeMap<String, String>, _secrets: &Secrets) -> Result<Remote> {
    missing()
}

/// Says that this program has no remote stores.
///
/// # Errors
///
/// Always.
pub(crate) fn compress(_content: &[u8]) -> Result<Vec<u8>> {
    missing()
}

/// Says that this program has no remote stores.
///
/// # Errors
///
/// Always.
pub(crate) fn decompress(_packed: &[u8], _most: u64) -> Result<Vec<u8>> {
    missing()
}

fn missing<T>() -> Result<T> {
    Err(anyhow!("this program was built without remote stores"))
        .hint("`cargo install cargo-sharedtarget --features remote` builds it with them")
}

impl Remote {
    /// The name that people read.
    #[must_use]
    pub(crate) fn name(&self) -> String {
        match self.never {}
    }

    /// Why it is not asked any more, if it is not.
    #[must_use]
    pub(crate) fn off(&self) -> Option<String> {
        match self.never {}
    }

    /// Reads an object.
    ///
    /// # Errors
    ///
    /// None: there is no such store.
    pub(crate) fn get(&self, _key: &str) -> Result<Option<Vec<u8>>> {
        match self.never {}
    }

    /// Writes an object.
    ///
    /// # Errors
    ///
    /// None: there is no such store.
    pub(crate) fn put(&self, _key: &str, _bytes: Vec<u8>) -> Result<()> {
        match self.never {}
    }

    /// Whether an object is there.
    ///
    /// # Errors
    ///
    /// None: there is no such store.
    pub(crate) fn has(&self, _key: &str) -> Result<bool> {
        match self.never {}
    }

    /// Whether it can say what it has.
    #[must_use]
    pub(crate) fn lists(&self) -> bool {
        match self.never {}
    }

    /// Lists objects.
    ///
    /// # Errors
    ///
    /// None: there is no such store.
    pub(crate) fn list(&self, _prefix: &str) -> Result<Vec<Listed>> {
        match self.never {}
    }

    /// Deletes an object.
    ///
    /// # Errors
    ///
    /// None: there is no such store.
    pub(crate) fn delete(&self, _key: &str) -> Result<()> {
        match self.never {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::failure;

    #[test]
    fn it_says_how_to_get_one() {
        let error = open(&BTreeMap::new(), &Secrets::default()).expect_err("no store");
        let hint = failure::hint(error.as_ref()).expect("a hint");
        assert!(hint.contains("--features remote"), "{error}: {hint}");
    }
}
