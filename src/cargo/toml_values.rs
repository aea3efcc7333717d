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
    let entries: BTreeMap<&str, String> =
        table.iter().map(|(key, item)| (key, plain(item))).collect();
    let entries = entries.into_iter();
    // Only keys are escaped: values are already, and would grow twofold with each table around them.
    let entries = entries.map(|(key, value)| format!("{key:?}:{value}"));
    format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use toml_edit::DocumentMut;

    use super::*;

    fn of(text: &str) -> String {
        let document: DocumentMut = text.parse().expect("TOML");
        plain(document.as_item())
    }

    #[test]
    fn only_values_count() {
        let cases = [
            (
                "a = 1\n[b]\nc = 'x'",
                "b = { c = \"x\" } # why\na = 0x1",
                true,
            ),
            ("a = [1, 2]", "a = [\n1,\n2,\n]", true),
            ("[[a]]\nb = 1", "a = [{ b = 1 }]", true),
            ("a = 1", "a = '1'", false),
            ("a = 1", "a = 1.0", false),
            ("a = [1, 2]", "a = [2, 1]", false),
            ("a = [[1], 2]", "a = [1, [2]]", false),
            ("a = ['b', 'c']", "a = ['b\", \"c']", false),
            ("a = '1'\nb = '2'", "'a = 1' = '2'", false),
            ("a = { b = 1 }", "'a = { b' = 1", false),
        ];
        for (one, other, same) in cases {
            assert_eq!(of(one) == of(other), same, "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_text_is_not_longer_for_each_table_around_it() {
        let deep = format!("{}x = 'y'", "a.".repeat(50));
        assert!(of(&deep).len() < 1000);
    }
}
