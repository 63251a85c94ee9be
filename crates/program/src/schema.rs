use crate::instructions::{schema, FieldSchema};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The TypeScript source of the instruction table: an interface for each instruction and the data
/// that the encoder walks.
pub fn typescript() -> String {
    let mut kinds = BTreeMap::new();
    let mut types = String::new();
    let mut table = String::new();
    let mut union = Vec::new();
    for instruction in schema() {
        let name = camel_case(instruction.name);
        union.push(instruction.name);
        let about = instruction.about.replace('\n', "\n *");
        writeln!(types, "/** {} */\nexport interface {} {{", about.trim(), instruction.name).unwrap();
        writeln!(types, "  op: '{name}'").unwrap();
        let mut row = Vec::new();
        for field in &instruction.fields {
            let field_name = camel_case(field.name);
            writeln!(types, "  {field_name}: {}", field_type(field)).unwrap();
            let encoding = match (field.kind, field.words) {
                (kind, _) if !field.names.is_empty() => {
                    kinds.insert(kind, field.names.clone());
                    kind.to_string()
                }
                (word, 1) => format!("'{word}'"),
                (word, count) => format!("{{ each: '{word}', count: {count} }}"),
            };
            row.push(format!("    {field_name}: {encoding},\n"));
        }
        types.push_str("}\n\n");
        writeln!(table, "  {name}: {{\n{}  }},", row.concat()).unwrap();
    }
    let mut out = String::from(
        "// Generated from crates/program/src/instructions.rs by `cargo run -p program --example typescript`.\n\n",
    );
    for (kind, names) in kinds {
        let names: Vec<String> = names.iter().map(|n| format!("'{n}'")).collect();
        writeln!(
            out,
            "export const {kind} = [{}] as const\nexport type {kind} = (typeof {kind})[number]\n",
            names.join(", ")
        )
        .unwrap();
    }
    out.push_str(&types);
    writeln!(out, "export type Instruction = {}\n", union.join(" | ")).unwrap();
    out.push_str(
        "/**\n * Fields of each instruction in order: what a word holds (an offset is a size that may be negative), or each of so many\n * words, or whose index among names it is.\n */\n",
    );
    write!(out, "export const INSTRUCTIONS = {{\n{table}}} as const\n").unwrap();
    out
}

fn field_type(field: &FieldSchema) -> String {
    match field.words {
        _ if !field.names.is_empty() => field.kind.into(),
        1 => "number".into(),
        _ => "readonly number[]".into(),
    }
}

fn camel_case(name: &str) -> String {
    let mut out = String::new();
    let mut upper = false;
    for (i, c) in name.chars().enumerate() {
        match c {
            '_' => upper = true,
            c if upper => {
                out.extend(c.to_uppercase());
                upper = false;
            }
            c if i == 0 => out.extend(c.to_lowercase()),
            c => out.push(c),
        }
    }
    out
}
