use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

/// Bounds of the turns that a thread spins before it goes to sleep: a few microseconds, and a hundred.
const SPINS: std::ops::RangeInclusive<u32> = 4_000..=200_000;

thread_local! {
    /// How long this thread spins. Waking a sleeping thread takes tens of microseconds, longer than most instructions,
    /// so spinning pays, and pays more the more often it is enough. It never is if the scheduler has put two threads on
    /// one core, as it does when it wakes both at once: each must then sleep for the other to run.
    static PATIENCE: Cell<u32> = const { Cell::new(*SPINS.end()) };
}

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

    /// Everything that the caller wrote before is visible to the threads whose wait this ends.
    pub fn set(&self, value: u32) {
        // Sequentially consistent, here and in `sleep`: either the sleeper is counted before this thread looks for it,
        // or it finds the new value and does not sleep.
        self.value.store(value, Ordering::SeqCst);
        // Waking costs a microsecond even if nobody sleeps.
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            wake(&self.value);
        }
    }

    /// Returns once the word is no longer `value`: spins first, then sleeps if the platform can.
    pub fn wait_while(&self, value: u32) {
        let patience = PATIENCE.get();
        for turn in 0..patience {
            if self.get() != value {
                if turn > 0 {
                    PATIENCE.set((patience * 4).min(*SPINS.end()));
                }
                return;
            }
            std::hint::spin_loop();
        }
        PATIENCE.set((patience / 2).max(*SPINS.start()));
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        while self.get() == value {
            sleep(&self.value, value);
        }
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
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
    /// Returns once `threads` threads have called it; everything written before by any is visible to all afterwards.
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
