use std::sync::atomic::{AtomicU32, Ordering};

/// Turns of the spin loop before a thread goes to sleep, some hundred microseconds: most instructions
/// are shorter, and to wake a thread takes tens of microseconds.
const SPINS: u32 = 200_000;

/// A word that threads wait on.
#[derive(Default)]
#[repr(C)]
pub struct Signal {
    value: AtomicU32,
    sleepers: AtomicU32,
}

impl Signal {
    pub fn get(&self) -> u32 {
        self.value.load(Ordering::Acquire)
    }

    /// What the caller wrote before is seen by those whose wait it ends.
    pub fn set(&self, value: u32) {
        // Both sequentially consistent, here and in `sleep`: either the sleeper is counted before it is looked for,
        // or it finds the new value and does not sleep.
        self.value.store(value, Ordering::SeqCst);
        // Waking costs a microsecond even where nobody sleeps.
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            wake(&self.value);
        }
    }

    /// Returns once the word is another than `value`: spins first, then sleeps where the platform can.
    pub fn wait_while(&self, value: u32) {
        loop {
            for _ in 0..SPINS {
                if self.get() != value {
                    return;
                }
                std::hint::spin_loop();
            }
            self.sleepers.fetch_add(1, Ordering::SeqCst);
            sleep(&self.value, value);
            self.sleepers.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
fn sleep(word: &AtomicU32, value: u32) {
    unsafe { core::arch::wasm32::memory_atomic_wait32(word.as_ptr().cast(), value as i32, -1) };
}

#[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
fn wake(word: &AtomicU32) {
    unsafe { core::arch::wasm32::memory_atomic_notify(word.as_ptr().cast(), u32::MAX) };
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "atomics")))]
fn sleep(_word: &AtomicU32, _value: u32) {
    std::thread::yield_now();
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "atomics")))]
fn wake(_word: &AtomicU32) {}

/// Where the threads of a program meet after every instruction; all zeros at the start.
#[derive(Default)]
#[repr(C)]
pub struct Barrier {
    arrived: AtomicU32,
    generation: Signal,
}

impl Barrier {
    /// Returns once `threads` threads have called it; what each wrote before is seen by all after.
    pub fn wait(&self, threads: u32) {
        if threads == 1 {
            return;
        }
        let generation = self.generation.get();
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == threads {
            self.arrived.store(0, Ordering::Relaxed);
            self.generation.set(generation.wrapping_add(1));
        } else {
            self.generation.wait_while(generation);
        }
    }
}
