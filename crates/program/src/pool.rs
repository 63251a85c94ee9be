use crate::barrier::{Barrier, Signal};
use std::sync::atomic::{AtomicU32, Ordering};

/// The most threads that a JavaScript caller may ask for.
pub(crate) const MAX_THREADS: usize = 64;

/// A program to run: the address of its words, and the number of threads that take part.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    pub program: u32,
    pub words: u32,
    pub threads: u32,
}

/// The state shared by the threads of a pool and the one that gives them jobs; all zeros at the start.
#[repr(C)]
pub struct Control {
    program: AtomicU32,
    words: AtomicU32,
    threads: AtomicU32,
    pub barrier: Barrier,
    /// 1 if a job waits for the thread of that number. Threads that take no part stay asleep.
    seats: [Signal; MAX_THREADS],
}

/// 32-bit words that a [`Control`] takes.
pub const CONTROL_WORDS: usize = std::mem::size_of::<Control>() / 4;

impl Control {
    /// Hands a job to threads 0 to `job.threads - 1`. The previous job must have ended.
    pub fn start(&self, job: Job) {
        self.program.store(job.program, Ordering::Relaxed);
        self.words.store(job.words, Ordering::Relaxed);
        self.threads.store(job.threads, Ordering::Relaxed);
        for seat in &self.seats[..job.threads as usize] {
            seat.set(1);
        }
    }

    /// Waits for a job in which `thread` takes part.
    pub fn next(&self, thread: usize) -> Job {
        let seat = &self.seats[thread];
        seat.wait_while(0);
        seat.set(0);
        // The job cannot end without this thread, so the fields stay until they are read.
        Job {
            program: self.program.load(Ordering::Relaxed),
            words: self.words.load(Ordering::Relaxed),
            threads: self.threads.load(Ordering::Relaxed),
        }
    }
}
