//! What JavaScript sees: memory, running a program, and the loop of a worker thread.

use program::{run, Control, Job, Memory, Share};
use std::alloc::{alloc_zeroed, dealloc, Layout};
use wasm_bindgen::prelude::wasm_bindgen;

/// Cache lines are 64 bytes; vectors that cross one cost twice.
const ALIGNMENT: usize = 64;

/// Address 0 of WebAssembly's own memory.
const MEMORY: Memory = Memory { base: std::ptr::null_mut() };

/// Zeroed bytes, aligned to 64; 0 where the memory is exhausted.
#[wasm_bindgen]
pub fn allocate(bytes: usize) -> usize {
    match Layout::from_size_align(bytes.max(1), ALIGNMENT) {
        Ok(layout) => unsafe { alloc_zeroed(layout) as usize },
        Err(_) => 0,
    }
}

/// Gives back what [`allocate`] returned for as many bytes.
#[wasm_bindgen]
pub fn release(address: usize, bytes: usize) {
    if let Ok(layout) = Layout::from_size_align(bytes.max(1), ALIGNMENT) {
        unsafe { dealloc(address as *mut u8, layout) };
    }
}

/// Words that the control block shared with the workers takes.
#[wasm_bindgen(js_name = controlWords)]
pub fn control_words() -> usize {
    program::CONTROL_WORDS
}

/// Runs the program of `words` words at address `program`: thread 0 here, the others in [`work`].
/// False where the words are no program.
#[wasm_bindgen]
pub fn execute(control: usize, program: usize, words: usize, threads: u32, may_sleep: bool) -> bool {
    let control = unsafe { &*(control as *const Control) };
    if threads > 1 {
        control.start(Job { program: program as u32, words: words as u32, threads });
    }
    let program = unsafe { std::slice::from_raw_parts(program as *const u32, words) };
    unsafe { run(program, MEMORY, &control.barrier, Share { thread: 0, threads: threads as usize }, may_sleep) }
}

/// A worker's life: takes its share of every job in which it takes part. It never returns; the worker
/// is ended from outside.
#[wasm_bindgen]
pub fn work(control: usize, thread: u32, last: u32) {
    let control = unsafe { &*(control as *const Control) };
    let mut last = last;
    loop {
        let (number, job) = control.next(last);
        last = number;
        if thread < job.threads {
            let program = unsafe { std::slice::from_raw_parts(job.program as *const u32, job.words as usize) };
            let share = Share { thread: thread as usize, threads: job.threads as usize };
            unsafe { run(program, MEMORY, &control.barrier, share, true) };
        }
    }
}

/// The number of the last job, from which a new worker starts to wait.
#[wasm_bindgen(js_name = currentJob)]
pub fn current_job(control: usize) -> u32 {
    unsafe { &*(control as *const Control) }.current()
}
