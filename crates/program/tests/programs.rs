//! Programs written by hand, run on one and on several threads over one memory.

use nn::Fill;
use program::{run, typescript, Control, Instruction, Job, Memory, Share, CONTROL_WORDS};

/// Zeroed memory of `words`; address 0 stays unused, as in WebAssembly.
struct Buffer(Vec<u32>);

#[derive(Clone, Copy)]
struct Shared(Memory, *const Control);
unsafe impl Send for Shared {}
unsafe impl Sync for Shared {}

impl Buffer {
    fn run(&mut self, program: &[u32], threads: u32) -> bool {
        let control: Vec<u32> = vec![0; CONTROL_WORDS];
        let shared = Shared(Memory { base: self.0.as_mut_ptr().cast() }, control.as_ptr().cast());
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads as usize)
                .map(|thread| {
                    scope.spawn(move || {
                        let shared = shared;
                        let control = unsafe { &*shared.1 };
                        let share = Share { thread, threads: control.next(thread).threads as usize };
                        unsafe { run(program, shared.0, &control.barrier, share) }
                    })
                })
                .collect();
            unsafe { &*shared.1 }.start(Job { program: 0, words: program.len() as u32, threads });
            // All threads must return the same.
            workers.into_iter().map(|worker| worker.join().unwrap()).reduce(|a, b| a && b) == Some(true)
        })
    }

    fn floats(&self, word: usize, count: usize) -> Vec<f32> {
        self.0[word..word + count].iter().map(|bits| f32::from_bits(*bits)).collect()
    }
}

/// For instructions that are read and not run.
const NOWHERE: Memory = Memory { base: std::ptr::null_mut() };

const FILL: u32 = 7;
const UNARY: u32 = 8;
const REDUCE: u32 = 11;

#[test]
fn instructions_see_what_earlier_ones_wrote_on_any_number_of_threads() {
    let count = 33;
    // x = 3; y = x * x; total = sum(y)
    let program =
        [vec![FILL, 4, count, 3.0f32.to_bits()], vec![UNARY, 6, 4, 400, count], vec![REDUCE, 0, 400, 800, 1, count, 1]]
            .concat();
    for threads in 1..=4 {
        let mut memory = Buffer(vec![0; 256]);
        assert!(memory.run(&program, threads));
        assert_eq!(memory.floats(200, 1), [297.0], "{threads} threads");
    }
}

#[test]
fn words_that_are_no_instruction_are_not_run() {
    for words in [&[][..], &[999], &[FILL, 4, 1], &[UNARY, 77, 4, 4, 1]] {
        assert!(Instruction::decode(words, NOWHERE).is_none(), "{words:?}");
        assert_eq!(Buffer(vec![0; 8]).run(words, 1), words.is_empty());
    }
}

#[test]
fn the_typescript_table_numbers_instructions_as_the_decoder_does() {
    let source = typescript();
    let table = &source[source.find("INSTRUCTIONS").unwrap()..];
    let at = |name: &str| table.find(&format!("\n  {name}: {{")).unwrap_or_else(|| panic!("{name} is missing"));
    let names = ["packPanels", "conv2d", "pool2d", "copy", "fill", "unary", "binary", "scaleShift", "reduce"];
    assert!(names.windows(2).all(|pair| at(pair[0]) < at(pair[1])));
    let (instruction, words) = Instruction::decode(&[FILL, 8, 1, 0, 42], NOWHERE).unwrap();
    assert!(matches!(instruction, Instruction::Fill(Fill { count: 1, .. })));
    assert_eq!(words, 4);
}
