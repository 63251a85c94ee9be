use core::arch::x86_64::*;

pub type Lanes = __m128;

#[inline(always)]
pub fn splat(value: f32) -> Lanes {
    unsafe { _mm_set1_ps(value) }
}

#[inline(always)]
pub unsafe fn load(source: *const f32) -> Lanes {
    _mm_loadu_ps(source)
}

#[inline(always)]
pub unsafe fn load_splat(source: *const f32) -> Lanes {
    _mm_load1_ps(source)
}

#[inline(always)]
pub unsafe fn store(lanes: Lanes, target: *mut f32) {
    _mm_storeu_ps(target, lanes)
}

#[inline(always)]
pub fn add_product(sum: Lanes, a: Lanes, b: Lanes) -> Lanes {
    add(sum, mul(a, b))
}

#[inline(always)]
pub fn abs(a: Lanes) -> Lanes {
    unsafe { _mm_andnot_ps(_mm_set1_ps(-0.0), a) }
}

#[inline(always)]
pub fn sqrt(a: Lanes) -> Lanes {
    unsafe { _mm_sqrt_ps(a) }
}

macro_rules! pairwise {
    ($($name:ident $intrinsic:ident),*) => {$(
        #[inline(always)]
        pub fn $name(a: Lanes, b: Lanes) -> Lanes {
            unsafe { $intrinsic(a, b) }
        }
    )*};
}
pairwise!(
    add _mm_add_ps, sub _mm_sub_ps, mul _mm_mul_ps, div _mm_div_ps,
    and _mm_and_ps, greater _mm_cmpgt_ps, at_least _mm_cmpge_ps
);

// SSE returns its second operand if either is NaN; WebAssembly's pmax and pmin return the first.
#[inline(always)]
pub fn max(a: Lanes, b: Lanes) -> Lanes {
    unsafe { _mm_max_ps(b, a) }
}

#[inline(always)]
pub fn min(a: Lanes, b: Lanes) -> Lanes {
    unsafe { _mm_min_ps(b, a) }
}
