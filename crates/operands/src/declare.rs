/// Declares a struct of a kernel's arguments, which are read field by field, in the order of declaration.
///
/// ```
/// operands::operands! {
///     /// Sets every value to one.
///     pub struct Fill {
///         pub output: *mut f32,
///         /// The number of values.
///         pub count: usize,
///         pub value: f32,
///     }
/// }
/// ```
#[macro_export]
macro_rules! operands {
    (
        $(#[doc = $about:literal])*
        pub struct $name:ident {
            $($(#[doc = $field_about:literal])* pub $field:ident: $type:ty,)*
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy)]
        pub struct $name {
            $($(#[doc = $field_about])* pub $field: $type,)*
        }

        impl $crate::Operand for $name {
            const WORDS: usize = 0 $(+ <$type as $crate::Operand>::WORDS)*;

            #[inline(always)]
            fn read(words: &mut $crate::Words) -> Option<Self> {
                Some($name { $($field: $crate::Operand::read(words)?,)* })
            }

            fn describe(_name: &'static str, _about: &'static str, fields: &mut Vec<$crate::Field>) {
                $(<$type as $crate::Operand>::describe(
                    stringify!($field),
                    concat!("", $($field_about, "\n"),*),
                    fields,
                );)*
            }
        }

        impl $crate::Operands for $name {
            const ABOUT: &'static str = concat!("", $($about, "\n"),*);
        }
    };
}

/// Declares an enum; TypeScript refers to its values by name.
///
/// ```
/// operands::kinds! {
///     /// The activation function, applied last.
///     pub enum Activation {
///         None,
///         Relu,
///     }
/// }
/// ```
#[macro_export]
macro_rules! kinds {
    (
        $(#[doc = $about:literal])*
        pub enum $name:ident {
            $($(#[doc = $value_about:literal])* $value:ident,)*
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[doc = $value_about])* $value,)*
        }

        impl $crate::Word for $name {
            const SCHEMA: $crate::WordSchema = $crate::WordSchema::Kind {
                name: stringify!($name),
                about: concat!("", $($about, "\n"),*),
                values: &[$(stringify!($value)),*],
            };
            #[inline(always)]
            fn decode(word: u32, _memory: $crate::Memory) -> Option<Self> {
                <Self as $crate::Kind>::ALL.get(word as usize).copied()
            }
        }

        impl $crate::Kind for $name {
            const ALL: &'static [Self] = &[$($name::$value),*];
        }
    };
}
