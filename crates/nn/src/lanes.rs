use simd::{F32x4, LANES};

/// Reads up to four values: a whole vector in one instruction, a partial one through memory.
#[inline(always)]
pub(crate) unsafe fn load(source: *const f32, lanes: usize) -> F32x4 {
    if lanes == LANES {
        F32x4::load(source)
    } else {
        F32x4::load_partial(source, lanes)
    }
}

/// Writes the first `lanes` lanes.
#[inline(always)]
pub(crate) unsafe fn store(value: F32x4, target: *mut f32, lanes: usize) {
    if lanes == LANES {
        value.store(target);
    } else {
        value.store_partial(target, lanes);
    }
}
