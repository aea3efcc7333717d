//! How objects are packed on their way.

use std::io::Read as _;

use anyhow::{Context as _, Result, ensure};

/// Zstandard's own default: more takes far longer than it saves, and all that comes from a compiler packs well anyway.
const LEVEL: i32 = 3;

/// Packs an object.
///
/// # Errors
///
/// There is not enough memory.
pub fn compress(content: &[u8]) -> Result<Vec<u8>> {
    zstd::stream::encode_all(content, LEVEL).context("failed to compress an object")
}

/// Unpacks an object.
///
/// # Errors
///
/// It is not one of ours, or has more than `most` bytes: what is small on its way may be large enough to fill the memory.
pub fn decompress(packed: &[u8], most: u64) -> Result<Vec<u8>> {
    let failed = "failed to decompress an object";
    let mut content = Vec::new();
    let decoder = zstd::stream::read::Decoder::with_buffer(packed).context(failed)?;
    decoder
        .take(most.saturating_add(1))
        .read_to_end(&mut content)
        .context(failed)?;
    ensure!(
        content.len() as u64 <= most,
        "an object has more than {most} bytes"
    );
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        for content in [&b""[..], b"some", &[7; 100_000]] {
            let packed = compress(content).expect("packed");
            let length = content.len() as u64;
            assert_eq!(decompress(&packed, length).expect("unpacked"), content);
        }
    }

    #[test]
    fn nothing_grows_without_end() {
        let packed = compress(&vec![0; 64 << 20]).expect("packed");
        assert!(packed.len() < 1 << 16, "{}", packed.len());
        let error = decompress(&packed, 1000).expect_err("a bound");
        assert!(error.to_string().contains("1000 bytes"), "{error}");
    }

    #[test]
    fn damage_is_an_error() {
        let packed = compress(b"a text that is somewhat longer than others").expect("packed");
        for wrong in [
            &packed[..packed.len() - 3],
            b"something else",
            &[&packed[..], b"more"].concat(),
        ] {
            assert!(decompress(wrong, 1000).is_err());
        }
    }
}
