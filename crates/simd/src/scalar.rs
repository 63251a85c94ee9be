pub type Lanes = [f32; 4];

#[inline(always)]
pub fn splat(value: f32) -> Lanes {
    [value; 4]
}

#[inline(always)]
pub unsafe fn load(source: *const f32) -> Lanes {
    source.cast::<Lanes>().read_unaligned()
}

#[inline(always)]
pub unsafe fn load_splat(source: *const f32) -> Lanes {
    splat(source.read())
}

#[inline(always)]
pub unsafe fn store(lanes: Lanes, target: *mut f32) {
    target.cast::<Lanes>().write_unaligned(lanes)
}

#[inline(always)]
pub fn add_product(sum: Lanes, a: Lanes, b: Lanes) -> Lanes {
    add(sum, mul(a, b))
}

#[inline(always)]
pub fn abs(a: Lanes) -> Lanes {
    a.map(f32::abs)
}

#[inline(always)]
pub fn sqrt(a: Lanes) -> Lanes {
    a.map(f32::sqrt)
}

macro_rules! pairwise {
    ($($name:ident |$x:ident, $y:ident| $value:expr),* $(,)?) => {$(
        #[inline(always)]
        pub fn $name(a: Lanes, b: Lanes) -> Lanes {
            std::array::from_fn(|lane| {
                let ($x, $y) = (a[lane], b[lane]);
                $value
            })
        }
    )*};
}
pairwise!(
    add | x,
    y | x + y,
    sub | x,
    y | x - y,
    mul | x,
    y | x * y,
    div | x,
    y | x / y,
    max | x,
    y | if x < y { y } else { x },
    min | x,
    y | if y < x { y } else { x },
    and | x,
    y | f32::from_bits(x.to_bits() & y.to_bits()),
    greater | x,
    y | mask(x > y),
    at_least | x,
    y | mask(x >= y),
);

fn mask(holds: bool) -> f32 {
    f32::from_bits(if holds { u32::MAX } else { 0 })
}
