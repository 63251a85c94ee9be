use crate::barrier::{wait_while, wake, Barrier};
use std::sync::atomic::{AtomicU32, Ordering};

/// A program to run: where its words lie and how many threads take part.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    pub program: u32,
    pub words: u32,
    pub threads: u32,
}

/// What the main thread and its workers share; all zeros at the start.
#[repr(C)]
pub struct Control {
    /// Counts the jobs; workers wait for it to change.
    job: AtomicU32,
    program: AtomicU32,
    words: AtomicU32,
    threads: AtomicU32,
    pub barrier: Barrier,
}

/// 32-bit words that a [`Control`] takes.
pub const CONTROL_WORDS: usize = std::mem::size_of::<Control>() / 4;

impl Control {
    /// Hands a job to the workers. The caller then runs thread 0's part of it itself.
    pub fn start(&self, job: Job) {
        self.program.store(job.program, Ordering::Relaxed);
        self.words.store(job.words, Ordering::Relaxed);
        self.threads.store(job.threads, Ordering::Relaxed);
        self.job.fetch_add(1, Ordering::Release);
        wake(&self.job);
    }

    /// The number of the job handed out last.
    pub fn current(&self) -> u32 {
        self.job.load(Ordering::Acquire)
    }

    /// Waits for a job later than number `last` and returns its number and the job.
    ///
    /// A job in which a worker takes part cannot end without it, so the fields do not change under it.
    pub fn next(&self, last: u32) -> (u32, Job) {
        wait_while(&self.job, last, true);
        let number = self.current();
        let job = Job {
            program: self.program.load(Ordering::Relaxed),
            words: self.words.load(Ordering::Relaxed),
            threads: self.threads.load(Ordering::Relaxed),
        };
        (number, job)
    }
}
