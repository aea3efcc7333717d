//! Text in LLVM's bitcode, which is a stream of bits: a text may begin at any of them, and its characters may
//! have seven bits.
//!
//! With link-time optimization the libraries have nothing else for object files, and a search for bytes finds
//! nearly no text in them (seen with rustc 1.89, 1.95 and 1.97).

use memchr::memmem::Finder;

/// How a text may be written.
///
/// Source: `writeConstants` in `llvm/lib/Bitcode/Writer/BitcodeWriter.cpp` of LLVM. There is a fourth way, with
/// six bits, for texts of letters, digits, `.` and `_`, which no path of more than one folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    /// Of ASCII that ends with a zero: the places of panics, which are paths of sources.
    Seven,
    /// Of all that does not end with a zero: all other text in Rust.
    Eight,
    /// As numbers of six bits: the lower five hold the value, and the sixth says that another number follows. A text
    /// that ends with a zero and is not ASCII is written like that.
    Number,
}

impl Coding {
    const ALL: [Self; 3] = [Self::Seven, Self::Eight, Self::Number];

    /// How many bits a character has; no path has one below the space, so numbers always are two.
    fn width(self) -> usize {
        match self {
            Self::Seven => 7,
            Self::Eight => 8,
            Self::Number => 12,
        }
    }

    fn write(self, byte: u8) -> u16 {
        let byte = u16::from(byte);
        match self {
            Self::Seven | Self::Eight => byte,
            Self::Number => (byte & 0x1f) | 0x20 | ((byte >> 5) << 6),
        }
    }

    fn read(self, bits: u16) -> u8 {
        let byte = match self {
            Self::Seven | Self::Eight => bits,
            Self::Number => (bits & 0x1f) | ((bits >> 6) << 5),
        };
        u8::try_from(byte & 0xff).unwrap_or_default()
    }
}

/// Looks for a text, however it is written.
pub(crate) struct Searcher {
    text: Vec<u8>,
    needles: Vec<Needle>,
}

/// The whole bytes of a text that begins with a certain bit of a byte.
struct Needle {
    coding: Coding,
    phase: usize,
    finder: Finder<'static>,
}

/// A text that was found.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    bitcode: &'a [u8],
    coding: Coding,
    bit: usize,
}

impl Searcher {
    /// Prepares to look for a text, which must not be short: two characters do not fill a byte for sure.
    pub(crate) fn new(text: &[u8]) -> Self {
        let mut needles = Vec::new();
        for coding in Coding::ALL {
            if coding == Coding::Seven && !text.is_ascii() {
                continue;
            }
            for phase in 0..8 {
                let mut packed = vec![0_u8; (phase + text.len() * coding.width()).div_ceil(8)];
                for (nth, byte) in text.iter().enumerate() {
                    let bits = coding.write(*byte);
                    for bit in (0..coding.width()).filter(|bit| bits >> bit & 1 == 1) {
                        let at = phase + nth * coding.width() + bit;
                        packed[at / 8] |= 1 << (at % 8);
                    }
                }
                let whole = usize::from(phase > 0)..(phase + text.len() * coding.width()) / 8;
                let finder = Finder::new(&packed[whole]).into_owned();
                needles.push(Needle {
                    coding,
                    phase,
                    finder,
                });
            }
        }
        Self {
            text: text.to_vec(),
            needles,
        }
    }

    /// Every place of the text.
    pub(crate) fn search<'a>(&'a self, bitcode: &'a [u8]) -> impl Iterator<Item = Found<'a>> {
        self.needles.iter().flat_map(move |needle| {
            needle.finder.find_iter(bitcode).filter_map(move |at| {
                let first = at.checked_sub(usize::from(needle.phase > 0))?;
                let found = Found {
                    bitcode,
                    coding: needle.coding,
                    bit: first * 8 + needle.phase,
                };
                found
                    .text()
                    .take(self.text.len())
                    .eq(self.text.iter().copied())
                    .then_some(found)
            })
        })
    }
}

impl<'a> Found<'a> {
    /// The text from here on; where it ends does not show.
    pub(crate) fn text(self) -> impl Iterator<Item = u8> + 'a {
        (0..).map_while(move |nth| {
            let begin = self.bit + nth * self.coding.width();
            let mut bits = 0;
            for bit in 0..self.coding.width() {
                let byte = self.bitcode.get((begin + bit) / 8)?;
                bits |= u16::from(byte >> ((begin + bit) % 8) & 1) << bit;
            }
            Some(self.coding.read(bits))
        })
    }

    /// Whether this is exactly that text.
    ///
    /// Before a text stands its length, as a number. Only in debug information the texts follow on each other, at
    /// whole bytes, and what they are long is elsewhere: there it is enough that no greater length stands before.
    pub(crate) fn is(self, text: &str) -> bool {
        let long = text.len();
        let in_debug = || {
            let at_byte = self.coding == Coding::Eight && self.bit.is_multiple_of(8);
            at_byte && !(long + 1..long + 64).any(|long| self.is_long(long))
        };
        self.text().take(long).eq(text.bytes()) && (self.is_long(long) || in_debug())
    }

    /// Whether this number stands before, in groups of six bits: five of the number, the lowest first, and one that
    /// says that another group follows.
    fn is_long(self, mut long: usize) -> bool {
        let mut bits = Vec::new();
        loop {
            bits.extend((0..5).map(|bit| long >> bit & 1 == 1));
            long >>= 5;
            bits.push(long > 0);
            if long == 0 {
                break;
            }
        }
        let begin = self.bit.checked_sub(bits.len());
        begin.is_some_and(|begin| {
            let mut each = bits.iter().enumerate();
            each.all(|(nth, bit)| {
                let at = begin + nth;
                (self.bitcode[at / 8] >> (at % 8) & 1 == 1) == *bit
            })
        })
    }
}
