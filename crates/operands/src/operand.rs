use crate::words::{Word, WordSchema, Words};

/// A value read from the words of a program: one word, several of the same type, or a struct of such fields. Structs
/// may be nested; the fields of the inner one then appear among those of the outer.
pub trait Operand: Sized {
    /// The number of words it takes.
    const WORDS: usize;

    /// Takes its words from the front; `None` if they hold no valid value, or are too few.
    fn read(words: &mut Words) -> Option<Self>;

    /// Adds its fields to `fields`, in the order in which they are read: itself as a field called `name`, or a struct's
    /// own fields.
    fn describe(name: &'static str, about: &'static str, fields: &mut Vec<Field>);
}

/// A struct declared by [`crate::operands!`].
pub trait Operands: Operand {
    const ABOUT: &'static str;
}

/// The description of a field for the TypeScript encoder.
pub struct Field {
    pub name: &'static str,
    pub about: &'static str,
    pub word: WordSchema,
    /// The number of words in an array.
    pub count: Option<usize>,
}

impl<T: Word> Operand for T {
    const WORDS: usize = 1;

    #[inline(always)]
    fn read(words: &mut Words) -> Option<Self> {
        words.take()
    }

    fn describe(name: &'static str, about: &'static str, fields: &mut Vec<Field>) {
        fields.push(Field { name, about, word: T::SCHEMA, count: None });
    }
}

impl<T: Word, const N: usize> Operand for [T; N] {
    const WORDS: usize = N;

    #[inline(always)]
    fn read(words: &mut Words) -> Option<Self> {
        let values: [Option<T>; N] = std::array::from_fn(|_| words.take());
        values.iter().all(Option::is_some).then(|| values.map(Option::unwrap))
    }

    fn describe(name: &'static str, about: &'static str, fields: &mut Vec<Field>) {
        fields.push(Field { name, about, word: T::SCHEMA, count: Some(N) });
    }
}
