use std::sync::atomic::{AtomicU32, Ordering};

/// Turns of the spin loop before a thread goes to sleep: instructions last microseconds, waking one
/// takes tens of them.
const SPINS: u32 = 20_000;

/// Waits until `word` differs from `value`: spins first, then sleeps where the platform lets it.
///
/// `may_sleep` is false on a browser's main thread, which must not block and so spins on.
pub fn wait_while(word: &AtomicU32, value: u32, may_sleep: bool) {
    loop {
        for _ in 0..SPINS {
            if word.load(Ordering::Acquire) != value {
                return;
            }
            std::hint::spin_loop();
        }
        if may_sleep {
            sleep(word, value);
        }
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
fn sleep(word: &AtomicU32, value: u32) {
    // The engine rechecks the word before it sleeps, so a wake between the last load and here is not lost.
    unsafe { core::arch::wasm32::memory_atomic_wait32(word.as_ptr().cast(), value as i32, -1) };
}

#[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
pub fn wake(word: &AtomicU32) {
    unsafe { core::arch::wasm32::memory_atomic_notify(word.as_ptr().cast(), u32::MAX) };
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "atomics")))]
fn sleep(_word: &AtomicU32, _value: u32) {
    std::thread::yield_now();
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "atomics")))]
pub fn wake(_word: &AtomicU32) {}

/// Where the threads of a program meet after every instruction.
#[repr(C)]
pub struct Barrier {
    arrived: AtomicU32,
    generation: AtomicU32,
}

impl Barrier {
    /// Returns once `threads` threads have called it; what each wrote before is seen by all after.
    pub fn wait(&self, threads: u32, may_sleep: bool) {
        if threads == 1 {
            return;
        }
        let generation = self.generation.load(Ordering::Acquire);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == threads {
            self.arrived.store(0, Ordering::Relaxed);
            self.generation.store(generation.wrapping_add(1), Ordering::Release);
            wake(&self.generation);
        } else {
            wait_while(&self.generation, generation, may_sleep);
        }
    }
}
