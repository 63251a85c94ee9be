use core::arch::wasm32::*;

pub type Lanes = v128;

#[inline(always)]
pub fn splat(value: f32) -> Lanes {
    f32x4_splat(value)
}

#[inline(always)]
pub unsafe fn load(source: *const f32) -> Lanes {
    v128_load(source.cast())
}

#[inline(always)]
pub unsafe fn load_splat(source: *const f32) -> Lanes {
    v128_load32_splat(source.cast())
}

#[inline(always)]
pub unsafe fn store(lanes: Lanes, target: *mut f32) {
    v128_store(target.cast(), lanes)
}

#[inline(always)]
pub fn add_product(sum: Lanes, a: Lanes, b: Lanes) -> Lanes {
    #[cfg(target_feature = "relaxed-simd")]
    return f32x4_relaxed_madd(a, b, sum);
    #[cfg(not(target_feature = "relaxed-simd"))]
    return f32x4_add(sum, f32x4_mul(a, b));
}

// pmin and pmax are one machine instruction on x86; f32x4.min and max are nine, for the sake of NaN.
#[inline(always)]
pub fn max(a: Lanes, b: Lanes) -> Lanes {
    f32x4_pmax(a, b)
}

#[inline(always)]
pub fn min(a: Lanes, b: Lanes) -> Lanes {
    f32x4_pmin(a, b)
}

pub use core::arch::wasm32::{
    f32x4_abs as abs, f32x4_add as add, f32x4_div as div, f32x4_ge as at_least, f32x4_gt as greater, f32x4_mul as mul,
    f32x4_sqrt as sqrt, f32x4_sub as sub, v128_and as and,
};
