//! What a TOML text says, whatever it looks like.

use std::collections::BTreeMap;

use toml_edit::{Item, TableLike, Value};

/// An item's values without their format, as text that is equal exactly if the values are.
#[must_use]
pub(crate) fn plain(item: &Item) -> String {
    match item {
        Item::None => String::new(),
        Item::Value(Value::Array(array)) => {
            let values: Vec<String> = array
                .iter()
                .map(|value| plain(&Item::Value(value.clone())))
                .collect();
            format!("[{}]", values.join(","))
        }
        Item::Value(Value::InlineTable(table)) => plain_table(table),
        Item::Value(Value::String(text)) => format!("{:?}", text.value()),
        Item::Value(Value::Integer(number)) => format!("i{}", number.value()),
        Item::Value(Value::Float(number)) => format!("f{:x}", number.value().to_bits()),
        Item::Value(Value::Boolean(flag)) => format!("b{}", flag.value()),
        Item::Value(Value::Datetime(time)) => format!("d{}", time.value()),
        Item::Table(table) => plain_table(table),
        Item::ArrayOfTables(tables) => {
            let values: Vec<String> = tables.iter().map(|table| plain_table(table)).collect();
            format!("[{}]", values.join(","))
        }
    }
}

fn plain_table(table: &dyn TableLike) -> String {
    let entries: BTreeMap<String, String> = table
        .iter()
        .map(|(key, item)| (key.to_owned(), plain(item)))
        .collect();
    format!("{entries:?}")
}
