//! Declared arguments, read from words and described.

use operands::{kinds, operands, Memory, Operand, Operands, WordSchema, Words};

kinds! {
    /// Which of two.
    pub enum Choice {
        First,
        Second,
    }
}

operands! {
    pub struct Inner {
        pub sizes: [usize; 2],
        pub offset: isize,
    }
}

operands! {
    /// All there is.
    pub struct Outer {
        /// Where it is read.
        pub input: *const f32,
        pub inner: Inner,
        pub output: *mut i32,
        pub choice: Choice,
        pub factor: f32,
    }
}

const WORDS: [u32; 7] = [4, 5, u32::MAX, -3i32 as u32, 0, 1, 0x3f80_0000];

fn read(words: &[u32], memory: Memory) -> Option<Outer> {
    Outer::read(&mut Words::new(words, memory))
}

#[test]
fn fields_are_read_in_order_and_addresses_from_the_start_of_the_memory() {
    let mut buffer = [0.0f32, 7.0];
    let memory = Memory { base: buffer.as_mut_ptr().cast() };
    let outer = read(&WORDS, memory).unwrap();
    assert_eq!(unsafe { *outer.input }, 7.0);
    assert_eq!(outer.inner.sizes, [5, u32::MAX as usize]);
    assert_eq!(outer.inner.offset, -3);
    assert!(outer.output.is_null(), "address 0 means no address");
    assert_eq!(outer.choice, Choice::Second);
    assert_eq!(outer.factor, 1.0);
    assert_eq!(Outer::WORDS, WORDS.len());
}

#[test]
fn too_few_words_and_values_that_a_kind_has_not_are_refused() {
    let memory = Memory { base: std::ptr::null_mut() };
    for count in 0..WORDS.len() {
        assert!(read(&WORDS[..count], memory).is_none(), "{count} words");
    }
    let mut words = WORDS;
    words[5] = 2;
    assert!(read(&words, memory).is_none());
}

#[test]
fn descriptions_name_the_fields_of_nested_structs_in_place() {
    let mut fields = Vec::new();
    Outer::describe("", "", &mut fields);
    let described: Vec<_> = fields.iter().map(|field| (field.name, field.about.trim(), field.count)).collect();
    let want = [
        ("input", "Where it is read.", None),
        ("sizes", "", Some(2)),
        ("offset", "", None),
        ("output", "", None),
        ("choice", "", None),
        ("factor", "", None),
    ];
    assert_eq!(described, want);
    assert_eq!(Outer::ABOUT.trim(), "All there is.");
    let WordSchema::Kind { name, about, values } = fields[4].word else { panic!("a choice is a kind") };
    assert_eq!((name, about.trim(), values), ("Choice", "Which of two.", &["First", "Second"][..]));
}
