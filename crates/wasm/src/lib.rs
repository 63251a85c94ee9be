//! The interface to JavaScript: memory, running a program here, and the jobs of a pool of threads.

use program::{run, Barrier, Control, Job, Memory, Share};
use std::alloc::{alloc, dealloc, Layout};
use wasm_bindgen::prelude::wasm_bindgen;

/// Cache lines are 64 bytes; a vector that crosses two costs twice as much.
const ALIGNMENT: usize = 64;

/// Address 0 of WebAssembly's own memory.
const MEMORY: Memory = Memory { base: std::ptr::null_mut() };

/// Bytes of any content, aligned to 64; address 0 if the memory is exhausted. Zeroing them would double the time that
/// it takes to make a model's memory.
#[wasm_bindgen]
pub fn allocate(bytes: usize) -> usize {
    match Layout::from_size_align(bytes.max(1), ALIGNMENT) {
        Ok(layout) => unsafe { alloc(layout) as usize },
        Err(_) => 0,
    }
}

/// Frees what [`allocate`] returned for the same number of bytes.
#[wasm_bindgen]
pub fn release(address: usize, bytes: usize) {
    if let Ok(layout) = Layout::from_size_align(bytes.max(1), ALIGNMENT) {
        unsafe { dealloc(address as *mut u8, layout) };
    }
}

/// The number of words in the control block of a pool.
#[wasm_bindgen(js_name = controlWords)]
pub fn control_words() -> usize {
    program::CONTROL_WORDS
}

/// Runs the program of `words` words at address `program` on the calling thread alone.
/// False if the words are no program.
#[wasm_bindgen]
pub fn execute(program: usize, words: usize) -> bool {
    unsafe { share_of(program, words, &Barrier::default(), Share { thread: 0, threads: 1 }) }
}

/// Hands a program to threads 0 to `threads - 1` of a pool, which wait in [`work`]; the previous job must have ended.
#[wasm_bindgen]
pub fn start(control: usize, program: usize, words: usize, threads: u32) {
    let control = unsafe { &*(control as *const Control) };
    control.start(Job { program: program as u32, words: words as u32, threads });
}

/// Waits for this thread's next job and does its share. Returns once all threads have done the job;
/// false if the words were no program.
#[wasm_bindgen]
pub fn work(control: usize, thread: usize) -> bool {
    let control = unsafe { &*(control as *const Control) };
    let Job { program, words, threads } = control.next(thread);
    let share = Share { thread, threads: threads as usize };
    unsafe { share_of(program as usize, words as usize, &control.barrier, share) }
}

unsafe fn share_of(program: usize, words: usize, barrier: &Barrier, share: Share) -> bool {
    run(std::slice::from_raw_parts(program as *const u32, words), MEMORY, barrier, share)
}
