//! Code that several fuzz targets share.

use std::collections::BTreeMap;

use cargo_sharedtarget::cargo::model::TomlProblem;
use toml_edit::{Item, TableLike, Value};

/// The character that separates the parts of an input: it stands in no path and no file that people write.
pub const UNIT: char = '\u{1f}';

/// A problem is told in one line, and its place is one in the text, or just behind it.
pub fn is_shown(text: &str, problem: &TomlProblem) {
    assert!(!problem.message.contains('\n'), "{problem:?}");
    let line = text.split('\n').nth(problem.line.wrapping_sub(1));
    let line = line.unwrap_or_else(|| panic!("no such line: {problem:?}"));
    let columns = 1..=line.trim_start_matches('\u{feff}').chars().count() + 1;
    assert!(columns.contains(&problem.column), "{problem:?}");
}

/// The values in a TOML text, whatever they look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    /// A table of any kind.
    Table(BTreeMap<String, Tree>),
    /// A list of any kind.
    List(Vec<Tree>),
    /// Anything else, with its type.
    Leaf(String),
}

impl Tree {
    /// The values of an item.
    #[must_use]
    pub fn of(item: &Item) -> Self {
        match item {
            Item::None => Self::Leaf(String::new()),
            Item::Value(value) => Self::of_value(value),
            Item::Table(table) => Self::of_table(table),
            Item::ArrayOfTables(tables) => {
                Self::List(tables.iter().map(|table| Self::of_table(table)).collect())
            }
        }
    }

    fn of_table(table: &dyn TableLike) -> Self {
        let entries = table.iter();
        Self::Table(
            entries
                .map(|(key, item)| (key.to_owned(), Self::of(item)))
                .collect(),
        )
    }

    fn of_value(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::Leaf(format!("text {:?}", text.value())),
            Value::Integer(number) => Self::Leaf(format!("integer {}", number.value())),
            // Of a number that is none, only the bits are equal.
            Value::Float(number) => Self::Leaf(format!("float {:x}", number.value().to_bits())),
            Value::Boolean(flag) => Self::Leaf(format!("flag {}", flag.value())),
            Value::Datetime(time) => Self::Leaf(format!("time {}", time.value())),
            Value::Array(list) => Self::List(list.iter().map(Self::of_value).collect()),
            Value::InlineTable(table) => Self::of_table(table),
        }
    }

    /// Takes out `table.key`, and the table if nothing else is in it.
    pub fn remove(&mut self, table: &str, key: &str) {
        let Self::Table(root) = self else { return };
        if let Some(Self::Table(inner)) = root.get_mut(table) {
            inner.remove(key);
            if inner.is_empty() {
                root.remove(table);
            }
        }
    }
}
