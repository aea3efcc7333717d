//! Where an object file has the names of its symbols, which stand outside its sections.

use object::read::coff::CoffHeader;
use object::read::macho::{LoadCommandVariant, MachHeader, MachOFile};
use object::read::pe::ImageNtHeaders as _;
use object::{File, ReadRef};

/// A place in a file: begin and length.
pub(crate) type Range = (u64, u64);

/// The places of the names of symbols, and of the name that a dynamic library for Apple's systems gives itself.
///
/// In ELF the names are in sections and not among these.
///
/// # Errors
///
/// The malformed part of the file, as a fragment.
pub(crate) fn places<'data, R: ReadRef<'data>>(
    data: R,
    file: &File<'data, R>,
) -> Result<Vec<Range>, String> {
    match file {
        File::MachO32(file) => in_mach(file),
        File::MachO64(file) => in_mach(file),
        File::Coff(file) => in_coff(data, file.coff_header(), 18),
        File::CoffBig(file) => in_coff(data, file.coff_header(), 20),
        File::Pe32(file) => in_coff(data, file.nt_headers().file_header(), 18),
        File::Pe64(file) => in_coff(data, file.nt_headers().file_header(), 18),
        _ => Ok(Vec::new()),
    }
}

fn in_mach<'data, M: MachHeader, R: ReadRef<'data>>(
    file: &MachOFile<'data, M, R>,
) -> Result<Vec<Range>, String> {
    let no = |error: object::Error| format!("it is not an object file: {}", failure::words(&error));
    let mut commands = file.macho_load_commands().map_err(no)?;
    let mut at = size_of::<M>() as u64;
    let mut places = Vec::new();
    while let Some(command) = commands.next().map_err(no)? {
        let long = u64::from(command.cmdsize());
        match command.variant().map_err(no)? {
            LoadCommandVariant::Symtab(table) => {
                let [at, long] = [table.stroff, table.strsize].map(|word| word.get(file.endian()));
                places.push((at.into(), long.into()));
            }
            LoadCommandVariant::IdDylib(_) => places.push((at, long)),
            _ => {}
        }
        at += long;
    }
    Ok(places)
}

/// The symbols, and after them the long names, which begin with their length.
fn in_coff<'data>(
    data: impl ReadRef<'data>,
    header: &impl CoffHeader,
    symbol: u64,
) -> Result<Vec<Range>, String> {
    let at = u64::from(header.pointer_to_symbol_table());
    if at == 0 {
        return Ok(Vec::new());
    }
    let symbols = symbol * u64::from(header.number_of_symbols());
    let size = data
        .read_bytes_at(at + symbols, 4)
        .map_err(|()| "it ends too early")?;
    let size = size.try_into().map_or(0, u32::from_le_bytes);
    Ok(vec![(at, symbols + u64::from(size))])
}
use crate::text::failure;
