//! Which functions a linked program can call, from its own code on.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use object::elf::FileHeader64;
use object::read::elf::{ElfFile64, FileHeader, Rela as _, SectionHeader as _, Sym as _};
use object::{Endianness, Object as _, ObjectSection as _, elf};

/// The functions that a program can call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reached<'a> {
    /// Functions of the program, by their mangled names.
    pub(crate) own: BTreeSet<&'a str>,
    /// Functions of the system's libraries, each with those that call it.
    pub(crate) imports: BTreeSet<(&'a str, &'a str)>,
    /// One of its functions calls the system itself.
    pub(crate) own_calls: bool,
}

/// An address in the table of addresses, or in data.
#[derive(Clone, Copy)]
enum Slot<'a> {
    Own(u64),
    Import(&'a str),
}

struct Program<'a> {
    /// The functions: where they begin and end, and their names.
    functions: HashMap<u64, (u64, &'a str)>,
    slots: HashMap<u64, Slot<'a>>,
    code: Vec<(u64, &'a [u8])>,
    roots: Vec<u64>,
    /// Functions of libraries whose address stands in data.
    in_data: Vec<&'a str>,
}

/// The functions that can be called from where a program begins and from all that has its address in data: what a
/// compiler calls of a plug-in, destructors, methods of trait objects. Not followed are functions of a name that is
/// `cut`.
///
/// A call is known by how the instruction is encoded. Bytes that look like one by accident add a function too many, and
/// none is missed: rustc has no other ways to name an address in code that may be loaded anywhere.
///
/// `None` of anything but a program for x86-64 in the format ELF that may be loaded anywhere and has the names of its
/// functions.
pub(crate) fn reached<'a>(program: &'a [u8], cut: &dyn Fn(&str) -> bool) -> Option<Reached<'a>> {
    let program = Program::read(program)?;
    let mut reached = Reached::default();
    let mut seen: BTreeSet<u64> = BTreeSet::new();
    let mut next = program.roots.clone();
    let in_data = program.in_data.iter().map(|import| (*import, "data"));
    reached.imports.extend(in_data);
    while let Some(begin) = next.pop() {
        let Some((end, name)) = program.functions.get(&begin) else {
            continue;
        };
        if !seen.insert(begin) || cut(name) {
            continue;
        }
        reached.own.insert(name);
        reached.own_calls |= program.calls_the_system(begin, *end);
        program.calls(begin, *end, &mut |slot| match slot {
            Slot::Own(at) => next.push(at),
            Slot::Import(import) => drop(reached.imports.insert((import, name))),
        });
    }
    Some(reached)
}

impl<'a> Program<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let file = ElfFile64::<Endianness>::parse(bytes).ok()?;
        let (header, endian) = (file.elf_header(), file.endian());
        if header.e_machine(endian) != elf::EM_X86_64 || header.e_type(endian) != elf::ET_DYN {
            return None;
        }
        let mut functions = functions(header, endian, bytes)?;
        let mut code = Vec::new();
        for section in file.sections() {
            if section.kind() != object::SectionKind::Text {
                continue;
            }
            let (at, data) = (section.address(), section.data().ok()?);
            code.push((at, data));
            // Stubs by which functions of libraries are called have no names.
            if section.name().is_ok_and(|name| name.starts_with(".plt")) {
                for stub in (at..at + data.len() as u64).step_by(8) {
                    let end = (stub + 16).min(at + data.len() as u64);
                    functions.entry(stub).or_insert((end, "a stub"));
                }
            }
        }
        let slots = slots(header, endian, bytes)?;
        let table = |at: &u64| {
            let mut sections = file.sections();
            sections.any(|section| {
                let inside = section.address()..section.address() + section.size();
                section.name().is_ok_and(|name| name.starts_with(".got")) && inside.contains(at)
            })
        };
        let in_data = slots.iter().filter(|(at, _)| !table(at));
        let (mut roots, mut imports) = (vec![header.e_entry(endian)], Vec::new());
        for (_, slot) in in_data {
            match slot {
                Slot::Own(function) => roots.push(*function),
                Slot::Import(import) => imports.push(*import),
            }
        }
        Some(Self {
            functions,
            slots,
            code,
            roots,
            in_data: imports,
        })
    }

    /// The code from one address to another, and what comes before and after.
    fn code(&self, begin: u64, end: u64) -> Option<(&'a [u8], std::ops::Range<usize>)> {
        let mut sections = self.code.iter();
        let (at, data) =
            sections.find(|(at, data)| (*at..at + data.len() as u64).contains(&begin))?;
        let last = ((end - at) as usize).min(data.len());
        Some((data, (begin - at) as usize..last))
    }

    /// Whether a function has the instruction `syscall` or `int 0x80` in it. The same bytes in a distance have a zero behind
    /// them, since no program is that large. `sysenter` is for programs of 32 bits, and its bytes stand in many a function:
    /// `xor $1,%al` after `mov 0xf(%rsp),%al`.
    fn calls_the_system(&self, begin: u64, end: u64) -> bool {
        let Some((data, range)) = self.code(begin, end) else {
            return false;
        };
        range.into_iter().any(|here| {
            let byte = |at: usize| data.get(at).copied().unwrap_or_default();
            let call = matches!((byte(here), byte(here + 1)), (0x0f, 0x05) | (0xcd, 0x80));
            let before = here.checked_sub(1).map_or(0, byte);
            let of_distance = matches!(before, 0xe8 | 0xe9) || before & 0xc7 == 0x05;
            let zero = byte(here + 2) == 0 || (of_distance && matches!(byte(here + 3), 0 | 0xff));
            call && !zero
        })
    }

    /// Tells of everything that a function calls, or takes the address of.
    fn calls(&self, begin: u64, end: u64, tell: &mut dyn FnMut(Slot<'a>)) {
        let Some((data, range)) = self.code(begin, end) else {
            return;
        };
        let at = begin - range.start as u64;
        for here in range.start..range.end.saturating_sub(3) {
            let byte = |back: usize| here.checked_sub(back).map_or(0, |at| data[at]);
            let (op, before) = (byte(1), byte(2));
            // `call` and `jmp`, and conditional jumps.
            let direct = matches!(op, 0xe8 | 0xe9) || (before == 0x0f && op & 0xf0 == 0x80);
            // An operand in memory, relative to the next instruction.
            let relative = op & 0xc7 == 0x05;
            if !direct && !relative {
                continue;
            }
            let Ok(distance) = <[u8; 4]>::try_from(&data[here..here + 4]) else {
                continue;
            };
            let next = at + here as u64 + 4;
            let to = next.wrapping_add_signed(i64::from(i32::from_le_bytes(distance)));
            // `lea` of an address, or `mov` from a table of them.
            let (address, load) = (before == 0x8d, before == 0x8b);
            // `call`, `jmp` and `push` by way of a table.
            let through = before == 0xff && matches!(op, 0x15 | 0x25 | 0x35);
            match self.slots.get(&to) {
                Some(slot) if relative && (address || load || through) => tell(*slot),
                _ if direct || address => tell(Slot::Own(to)),
                _ => {}
            }
        }
    }
}

/// The functions that have names; `None` if the names were stripped.
fn functions<'a>(
    header: &FileHeader64<Endianness>,
    endian: Endianness,
    bytes: &'a [u8],
) -> Option<HashMap<u64, (u64, &'a str)>> {
    let sections = header.sections(endian, bytes).ok()?;
    let symbols = sections.symbols(endian, bytes, elf::SHT_SYMTAB).ok()?;
    let mut all: BTreeMap<u64, (u64, &str)> = BTreeMap::new();
    for symbol in symbols.iter() {
        // A function in assembly may have no type.
        let kinds = [elf::STT_FUNC, elf::STT_GNU_IFUNC, elf::STT_NOTYPE];
        if !kinds.contains(&symbol.st_type()) || symbol.is_undefined(endian) {
            continue;
        }
        let name = symbols.symbol_name(endian, symbol).ok()?;
        let name = std::str::from_utf8(name).ok()?;
        let begin = symbol.st_value(endian);
        let end = begin + symbol.st_size(endian);
        if all.get(&begin).is_none_or(|(known, _)| *known < end) {
            all.insert(begin, (end, name));
        }
    }
    // Functions written in assembly may have no length.
    let begins: Vec<u64> = all.keys().copied().chain([u64::MAX]).collect();
    for ((begin, (end, _)), next) in all.iter_mut().zip(begins.into_iter().skip(1)) {
        if end == begin {
            *end = next.min(*begin + (1 << 16));
        }
    }
    (!all.is_empty()).then(|| all.into_iter().collect())
}

/// The addresses that the loader writes into the program: of its own functions and of those in libraries.
fn slots<'a>(
    header: &FileHeader64<Endianness>,
    endian: Endianness,
    bytes: &'a [u8],
) -> Option<HashMap<u64, Slot<'a>>> {
    let sections = header.sections(endian, bytes).ok()?;
    let symbols = sections.symbols(endian, bytes, elf::SHT_DYNSYM).ok()?;
    let mut slots = HashMap::new();
    for section in sections.iter() {
        let Some((relocations, _)) = section.rela(endian, bytes).ok()? else {
            continue;
        };
        for one in relocations {
            let at = one.r_offset(endian);
            let addend = one.r_addend(endian) as u64;
            match one.r_type(endian, false) {
                elf::R_X86_64_RELATIVE => drop(slots.insert(at, Slot::Own(addend))),
                elf::R_X86_64_GLOB_DAT | elf::R_X86_64_JUMP_SLOT | elf::R_X86_64_64 => {
                    let index = object::SymbolIndex(one.r_sym(endian, false) as usize);
                    let symbol = symbols.symbol(index).ok()?;
                    let slot = if symbol.is_undefined(endian) {
                        let name = symbols.symbol_name(endian, symbol).ok()?;
                        Slot::Import(std::str::from_utf8(name).ok()?)
                    } else {
                        Slot::Own(symbol.st_value(endian).wrapping_add(addend))
                    };
                    slots.insert(at, slot);
                }
                // Of thread-local variables.
                elf::R_X86_64_DTPMOD64 | elf::R_X86_64_DTPOFF64 | elf::R_X86_64_TPOFF64 => {}
                _ => return None,
            }
        }
    }
    Some(slots)
}
