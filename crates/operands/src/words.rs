use std::slice::Iter;

/// The memory that addresses refer to.
#[derive(Clone, Copy)]
pub struct Memory {
    /// Address 0.
    pub base: *mut u8,
}

impl Memory {
    /// Null if the address is 0, which means "none".
    #[inline(always)]
    fn at(self, address: u32) -> *mut u8 {
        if address == 0 {
            std::ptr::null_mut()
        } else {
            self.base.wrapping_add(address as usize)
        }
    }
}

/// The words of a program, read from front to back.
pub struct Words<'a> {
    rest: Iter<'a, u32>,
    memory: Memory,
}

impl<'a> Words<'a> {
    pub fn new(words: &'a [u32], memory: Memory) -> Self {
        Self { rest: words.iter(), memory }
    }

    /// Takes the next word; `None` if there are no more, or it holds no valid value.
    #[inline(always)]
    pub fn take<T: Word>(&mut self) -> Option<T> {
        T::decode(*self.rest.next()?, self.memory)
    }
}

/// A value of one word.
pub trait Word: Copy {
    const SCHEMA: WordSchema;

    fn decode(word: u32, memory: Memory) -> Option<Self>;
}

/// The description of a word for the TypeScript encoder.
#[derive(Clone, Copy)]
pub enum WordSchema {
    /// A byte offset into the memory, 0 for none.
    Address,
    /// A whole number.
    Size,
    /// A whole number that may be negative.
    Offset,
    Float,
    /// The number of a value of a [`Kind`].
    Kind {
        name: &'static str,
        about: &'static str,
        values: &'static [&'static str],
    },
}

/// An enum declared by [`crate::kinds!`].
pub trait Kind: Word + 'static {
    const ALL: &'static [Self];
}

macro_rules! words {
    ($($(#[$parameter:ident])? $type:ty: $schema:ident = |$word:ident, $memory:ident| $value:expr;)*) => {$(
        impl$(<$parameter>)? Word for $type {
            const SCHEMA: WordSchema = WordSchema::$schema;
            #[inline(always)]
            fn decode($word: u32, $memory: Memory) -> Option<Self> {
                Some($value)
            }
        }
    )*};
}

words! {
    #[T] *const T: Address = |word, memory| memory.at(word).cast_const().cast();
    #[T] *mut T: Address = |word, memory| memory.at(word).cast();
    usize: Size = |word, _memory| word as usize;
    isize: Offset = |word, _memory| word as i32 as isize;
    f32: Float = |word, _memory| f32::from_bits(word);
}
