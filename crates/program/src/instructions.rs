use operands::{Memory, Operand, Operands, Words};

macro_rules! instructions {
    ($($name:ident($arguments:ident) => $kernel:ident,)*) => {
        /// One instruction, read from its words.
        #[derive(Clone, Copy)]
        pub enum Instruction {
            $($name(nn::$arguments),)*
        }

        impl Instruction {
            /// Reads the instruction at the start of `words` and the number of words it takes; `None` if the words are
            /// no instruction.
            pub fn decode(words: &[u32], memory: Memory) -> Option<(Instruction, usize)> {
                enum Number {
                    $($name,)*
                }
                let (number, fields) = words.split_first()?;
                match number {
                    $(number if *number == Number::$name as u32 => {
                        // Enough words that no field has to check whether any are left.
                        let fields = fields.get(..nn::$arguments::WORDS)?;
                        let arguments = Operand::read(&mut Words::new(fields, memory))?;
                        Some((Instruction::$name(arguments), 1 + fields.len()))
                    })*
                    _ => None,
                }
            }

            /// Does this thread's share of the work.
            ///
            /// # Safety
            /// The arguments must meet the kernel's safety requirements.
            pub(crate) unsafe fn run(&self, share: nn::Share) {
                match self {
                    $(Instruction::$name(arguments) => nn::$kernel(arguments, share),)*
                }
            }
        }

        /// All instructions, in the order of their numbers.
        pub(crate) fn schema() -> Vec<InstructionSchema> {
            vec![$(InstructionSchema::of::<nn::$arguments>(stringify!($name)),)*]
        }
    };
}

// The instruction table: a name, the arguments that nn declares, and the kernel that takes them. Numbers follow from
// the order. `cargo run -p program --example typescript` writes the TypeScript side from this table.
instructions! {
    PackPanels(PackPanels) => pack_panels,
    Conv2d(Conv2d) => conv2d,
    WinogradWeights(WinogradWeights) => winograd_weights,
    WinogradInput(WinogradInput) => winograd_input,
    WinogradOutput(WinogradOutput) => winograd_output,
    Pool2d(Pool2d) => pool2d,
    Copy(Copy) => copy,
    Fill(Fill) => fill,
    Unary(Unary) => unary,
    Binary(Binary) => binary,
    ScaleShift(ScaleShift) => scale_shift,
    Reduce(Reduce) => reduce,
    Softmax(Softmax) => softmax,
    LogSoftmax(Softmax) => log_softmax,
    Argmax(Argmax) => argmax,
    WeightedSum(WeightedSum) => weighted_sum,
    BlockMoments(BlockMoments) => block_moments,
    Moments(Moments) => moments,
    Normalize(Normalize) => normalize,
    NormalizeSums(NormalizeSums) => normalize_sums,
    NormalizeGradient(NormalizeGradient) => normalize_gradient,
    Pool2dGradient(Pool2dGradient) => pool2d_gradient,
    WeightGradient(WeightGradient) => weight_gradient,
    SumWeights(SumWeights) => sum_weights,
    WinogradFactor(WinogradFactor) => winograd_factor,
    WinogradProducts(WinogradProducts) => winograd_products,
    WinogradTaps(WinogradTaps) => winograd_taps,
}

/// The description of an instruction for the TypeScript encoder.
pub(crate) struct InstructionSchema {
    pub name: &'static str,
    pub about: &'static str,
    pub fields: Vec<operands::Field>,
}

impl InstructionSchema {
    fn of<T: Operands>(name: &'static str) -> Self {
        let mut fields = Vec::new();
        T::describe(name, T::ABOUT, &mut fields);
        Self { name, about: T::ABOUT, fields }
    }
}
