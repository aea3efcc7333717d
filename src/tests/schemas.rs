//! The JSON Schemas of the documents that the commands print, made from the types that are printed.
//!
//! They stand in `docs/schemas`. `SNAPSHOTS=overwrite cargo test --lib schemas` writes them anew.

use std::borrow::Cow;
use std::path::Path;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::audit::json::Audited;
use crate::audit::list_json::List;
use crate::clean::model::{CollectFolder, DeleteFolder, FinishTrash, Orphaned};
use crate::dedupe::model::{RelinkFolder, Relinked};
use crate::doctor::json::Doctor;
use crate::fs::model::Freed;
use crate::hook::json::Hooks;
use crate::hook::model::{InstallHook, RemoveHook};
use crate::hook::tools::model::EditTool;
use crate::plan::action::{Action, CreateSharedRoot, Kind};
use crate::plan::json::Run;
use crate::plan::outcome::{Collected, Done};
use crate::script::crowd_report::Answer;
use crate::script::json::Scripts;
use crate::script::model::DropScript;
use crate::setup::model::{
    Exclude, InstallWrapper, RecordOwner, RemoveSharedRoot, Restore, WriteConfig, WriteSettings,
};
use crate::setup::timer::model::{SwitchTimer, Switched, WriteTimer};
use crate::store::json::Store;
use crate::store::model::{
    DropRemote, DropUnits, HarvestUnits, PullUnits, PushUnits, TellProvider,
};
use crate::target::unit_file::FileTime;
use crate::term::json::VERSION;
use crate::warm::model::{WarmFolder, Warmed};
use crate::warm::moving::MoveFolder;
use crate::why::json::Why;

/// Calls a macro with each action: its kind and its type.
macro_rules! actions {
    ($each:ident) => {
        $each! {
            CreateSharedRoot::KIND => CreateSharedRoot,
            RecordOwner::KIND => RecordOwner,
            Exclude::KIND => Exclude,
            InstallWrapper::KIND => InstallWrapper,
            WriteSettings::KIND => WriteSettings,
            WriteConfig::KIND => WriteConfig,
            Restore::KIND => Restore,
            RemoveSharedRoot::KIND => RemoveSharedRoot,
            WriteTimer::KIND => WriteTimer,
            SwitchTimer::KIND => SwitchTimer,
            InstallHook::KIND => InstallHook,
            RemoveHook::KIND => RemoveHook,
            EditTool::ADD => EditTool,
            EditTool::REMOVE => EditTool,
            MoveFolder::KIND => MoveFolder,
            WarmFolder::KIND => WarmFolder,
            RelinkFolder::KIND => RelinkFolder,
            HarvestUnits::KIND => HarvestUnits,
            TellProvider::KIND => TellProvider,
            PullUnits::KIND => PullUnits,
            PushUnits::KIND => PushUnits,
            DropUnits::KIND => DropUnits,
            DropRemote::KIND => DropRemote,
            DropScript::KIND => DropScript,
            CollectFolder::KIND => CollectFolder,
            DeleteFolder::KIND => DeleteFolder,
            FinishTrash::KIND => FinishTrash,
        }
    };
}

impl JsonSchema for dyn Action {
    fn schema_name() -> Cow<'static, str> {
        "Action".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        macro_rules! each {
            ($($kind:expr => $action:ty),* $(,)?) => {
                [$(tagged($kind, generator.subschema_for::<$action>())),*]
            };
        }
        json_schema!({
            "description": "An action. The field `action` is its kind.",
            "oneOf": actions!(each),
        })
    }
}

/// An action with its kind.
fn tagged(kind: Kind, fields: Schema) -> Value {
    json!({
        "type": "object",
        "properties": { "action": { "const": kind.name() } },
        "required": ["action"],
        "allOf": [fields],
    })
}

impl JsonSchema for Kind {
    fn schema_name() -> Cow<'static, str> {
        "Kind".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        macro_rules! each {
            ($($kind:expr => $action:ty),* $(,)?) => { [$($kind.name()),*] };
        }
        json_schema!({ "description": "The kind of an action.", "enum": actions!(each) })
    }
}

impl JsonSchema for Done {
    fn schema_name() -> Cow<'static, str> {
        "Done".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut of = Map::new();
        let mut add = |name: &str, schema: Schema| of.insert(name.into(), schema.into());
        add("what", generator.subschema_for::<Kind>());
        add("path", generator.subschema_for::<&Path>());
        add("freed", generator.subschema_for::<Freed>());
        add("collected", generator.subschema_for::<Collected>());
        add("warmed", generator.subschema_for::<Warmed>());
        add("orphaned", generator.subschema_for::<Orphaned>());
        add("relinked", generator.subschema_for::<Relinked>());
        add("timer", generator.subschema_for::<Switched>());
        let folder = generator.subschema_for::<crate::warm::moving::Moved>();
        let units = generator.subschema_for::<crate::store::model::Moved>();
        add("moved", json_schema!({ "anyOf": [folder, units] }));
        json_schema!({
            "description": "An action that succeeded, with details that depend on its kind.",
            "type": "object",
            "properties": of,
            "required": ["what", "path"],
        })
    }
}

impl JsonSchema for FileTime {
    fn schema_name() -> Cow<'static, str> {
        "FileTime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "null"], "format": "date-time" })
    }
}

/// A schema by the name of its file, with the commands that print such a document.
struct Printed {
    name: &'static str,
    commands: &'static str,
    schema: Schema,
}

fn of<T: JsonSchema>(name: &'static str, commands: &'static str) -> Printed {
    let generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator();
    let mut schema = generator.into_root_schema_for::<T>();
    let title = format!("The document of `{name}`, by `cargo sharedtarget … --format json`");
    schema.insert("title".into(), title.into());
    let names: Vec<&str> = commands.split(", ").collect();
    for (field, value) in [
        ("/properties/command", json!({ "enum": names })),
        ("/properties/version", json!({ "const": VERSION })),
    ] {
        *schema.pointer_mut(field).expect("a field of all documents") = value;
    }
    Printed {
        name,
        commands,
        schema,
    }
}

fn all() -> Vec<Printed> {
    let plans = "setup, onboard, doctor --fix, warm, clean, gc, dedupe, undo, hook install, hook uninstall, cache clean, \
                 store harvest, store pull, store push, store clean";
    vec![
        of::<Run<'_>>("plan", plans),
        of::<List<'_>>("list", "list"),
        of::<Audited<'_>>("audit", "audit"),
        of::<Doctor<'_>>("doctor", "doctor"),
        of::<Why<'_>>("why", "why"),
        of::<Hooks<'_>>("hook-status", "hook status"),
        of::<Scripts<'_>>("cache-info", "cache info"),
        of::<Answer<'_>>("run", "run"),
        of::<Store<'_>>("store-status", "store status"),
    ]
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the variable is for this test alone"
)]
fn those_in_the_docs_are_those_of_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas");
    for Printed { name, schema, .. } in all() {
        let file = folder.join(format!("{name}.json"));
        let text = serde_json::to_string_pretty(&schema).expect("a schema") + "\n";
        if std::env::var("SNAPSHOTS").is_ok_and(|value| value == "overwrite") {
            crate::fs::create_folder(&folder).expect("a folder");
            crate::fs::replace(&file, text.as_bytes()).expect("written");
        }
        let there = crate::fs::read(&file).expect("a file").unwrap_or_default();
        assert!(
            String::from_utf8_lossy(&there).replace('\r', "") == text,
            "`{}` is another schema; run `SNAPSHOTS=overwrite cargo test --lib schemas`",
            file.display()
        );
    }
}

#[test]
fn each_command_that_prints_a_document_has_one() {
    let all = all();
    let named = all.iter().flat_map(|one| one.commands.split(", "));
    let mut named: Vec<&str> = named.collect();
    named.sort_unstable();
    let before = named.len();
    named.dedup();
    assert_eq!(named.len(), before, "one schema for each command");
}
