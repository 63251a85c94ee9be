use crate::constants::{constants, Value};
use crate::instructions::{schema, InstructionSchema};
use operands::{Field, WordSchema};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The TypeScript source of everything the kernels and their callers agree on: constants, kinds, an interface for each
/// instruction, and the table that the encoder walks.
pub fn typescript() -> String {
    let instructions = schema();
    let mut out = String::from("// Generated from crates/ by `cargo run -p program --example typescript`.\n\n");
    for constant in constants() {
        let value = match constant.value {
            Value::Number(number) => number.to_string(),
            Value::Each(values) => {
                let values: Vec<_> =
                    values.iter().map(|(name, number)| format!("{}: {number}", camel_case(name))).collect();
                format!("{{ {} }} as const", values.join(", "))
            }
        };
        writeln!(out, "{}export const {} = {value}\n", comment(constant.about, ""), constant.name).unwrap();
    }
    for (name, (about, values)) in kinds(&instructions) {
        let values: Vec<_> = values.iter().map(|value| format!("'{}'", camel_case(value))).collect();
        let values = values.join(", ");
        let about = comment(about, "");
        writeln!(
            out,
            "{about}export const {name} = [{values}] as const\nexport type {name} = (typeof {name})[number]\n"
        )
        .unwrap();
    }
    for instruction in &instructions {
        let fields: String = instruction.fields.iter().map(declaration).collect();
        let InstructionSchema { name, about, .. } = instruction;
        let about = comment(about, "");
        writeln!(out, "{about}export interface {name} {{\n  op: '{}'\n{fields}}}\n", camel_case(name)).unwrap();
    }
    let names: Vec<_> = instructions.iter().map(|instruction| instruction.name).collect();
    writeln!(out, "export type Instruction = {}\n", names.join(" | ")).unwrap();
    out.push_str(&comment(
        "Fields of each instruction in order: what a word holds (an offset is a size that may be negative), or each of\nso many words, or whose index among names it is.",
        "",
    ));
    out.push_str("export const INSTRUCTIONS = {\n");
    for instruction in &instructions {
        let fields: String = instruction.fields.iter().map(encoding).collect();
        writeln!(out, "  {}: {{\n{fields}  }},", camel_case(instruction.name)).unwrap();
    }
    out.push_str("} as const\n");
    out
}

type Kinds = BTreeMap<&'static str, (&'static str, &'static [&'static str])>;

/// The kinds that the instructions use, by name.
fn kinds(instructions: &[InstructionSchema]) -> Kinds {
    let words = instructions.iter().flat_map(|instruction| &instruction.fields).map(|field| field.word);
    words
        .filter_map(|word| match word {
            WordSchema::Kind { name, about, values } => Some((name, (about, values))),
            _ => None,
        })
        .collect()
}

/// A field of an interface.
fn declaration(field: &Field) -> String {
    let word = match field.word {
        WordSchema::Kind { name, .. } => name,
        _ => "number",
    };
    let array = if field.count.is_some() { "[]" } else { "" };
    let readonly = if field.count.is_some() { "readonly " } else { "" };
    format!("{}  {}: {readonly}{word}{array}\n", comment(field.about, "  "), camel_case(field.name))
}

/// A field of the encoder's table.
fn encoding(field: &Field) -> String {
    let word = match field.word {
        WordSchema::Kind { name, .. } => name,
        WordSchema::Address => "'address'",
        WordSchema::Size => "'size'",
        WordSchema::Offset => "'offset'",
        WordSchema::Float => "'float'",
    };
    let encoding = match field.count {
        Some(count) => format!("{{ each: {word}, count: {count} }}"),
        None => word.into(),
    };
    format!("    {}: {encoding},\n", camel_case(field.name))
}

/// A doc comment, with the names of fields in TypeScript's case; empty if there is no text.
fn comment(about: &str, indent: &str) -> String {
    let mut text = String::new();
    for (at, part) in about.split('`').enumerate() {
        let is_code = at % 2 == 1;
        let quote = if at > 0 { "`" } else { "" };
        write!(text, "{quote}{}", if is_code { snake_to_camel(part) } else { part.into() }).unwrap();
    }
    let lines: Vec<_> = text.trim().lines().map(str::trim).collect();
    match lines[..] {
        [] => String::new(),
        [line] => format!("{indent}/** {line} */\n"),
        _ => {
            let lines: String = lines
                .iter()
                .map(|line| format!("{indent} *{}{line}\n", if line.is_empty() { "" } else { " " }))
                .collect();
            format!("{indent}/**\n{lines}{indent} */\n")
        }
    }
}

fn snake_to_camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_string();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

fn camel_case(name: &str) -> String {
    let name = snake_to_camel(name);
    name[..1].to_lowercase() + &name[1..]
}
