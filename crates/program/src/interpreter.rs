use crate::barrier::Barrier;
use crate::instructions::{Address, Instruction};
use nn::{
    argmax, binary, block_moments, conv2d, copy, fill, moments, normalize, normalize_gradient, normalize_sums,
    pack_panels, pool2d, pool2d_gradient, reduce, scale_shift, softmax, sum_weights, unary, weight_gradient,
    weighted_sum, winograd_input, winograd_output, winograd_weights, Axis, Binary, BlockMoments, Conv2d, Copy,
    Epilogue, Moments, Normalize, NormalizeGradient, NormalizeSums, PanelSource, Pool2d, Pool2dGradient, ScaleShift,
    Share, SumWeights, WeightGradient, WeightedSum, WinogradInput, WinogradOutput, WinogradWeights, COLUMNS,
};

/// The memory that addresses point into.
#[derive(Clone, Copy)]
pub struct Memory {
    /// Address 0.
    pub base: *mut u8,
}

impl Memory {
    fn input(self, address: Address) -> *const f32 {
        self.output(address)
    }

    fn optional(self, address: Address) -> *const f32 {
        if address.0 == 0 {
            std::ptr::null()
        } else {
            self.input(address)
        }
    }

    fn output(self, address: Address) -> *mut f32 {
        self.base.wrapping_add(address.0 as usize).cast()
    }
}

/// Runs this thread's share of every instruction of `program`, meeting the others at `barrier` after each, and once
/// where there is none: no thread may be done before all have begun.
/// Returns whether the words were instructions to the end; it stops at the first that is none.
///
/// # Safety
/// Every address in `program` must be valid for what its instruction reads or writes there.
pub unsafe fn run(program: &[u32], memory: Memory, barrier: &Barrier, share: Share) -> bool {
    let mut rest = program;
    while let Some((instruction, words)) = Instruction::decode(rest) {
        execute(instruction, memory, share);
        rest = &rest[words..];
        if !rest.is_empty() {
            barrier.wait(share.threads as u32);
        }
    }
    barrier.wait(share.threads as u32);
    rest.is_empty()
}

unsafe fn execute(instruction: Instruction, memory: Memory, share: Share) {
    match instruction {
        Instruction::PackPanels {
            source,
            packed,
            groups,
            columns,
            taps,
            depth,
            group_stride,
            column_stride,
            tap_strides,
            depth_stride,
        } => {
            let panels =
                PanelSource { groups, columns, taps, depth, group_stride, column_stride, tap_strides, depth_stride };
            let part = share.of(groups * columns.div_ceil(COLUMNS));
            pack_panels(&panels, memory.input(source), memory.output(packed), part.start, part.end);
        }
        Instruction::Conv2d {
            input,
            weights,
            bias,
            residual,
            output,
            zeros,
            activation,
            batch,
            height,
            width,
            pixel_stride,
            output_height,
            output_width,
            groups,
            columns,
            depth,
            kernel,
            stride,
            dilation,
            padding,
        } => {
            let epilogue = Epilogue { bias: memory.optional(bias), residual: memory.optional(residual), activation };
            let convolution = Conv2d {
                input: memory.input(input),
                weights: memory.input(weights),
                output: memory.output(output),
                zeros: memory.input(zeros),
                epilogue,
                batch,
                height,
                width,
                pixel_stride,
                output_height,
                output_width,
                groups,
                columns,
                depth,
                kernel,
                stride,
                dilation,
                padding,
            };
            conv2d(&convolution, share);
        }
        Instruction::WinogradWeights {
            filtering,
            source,
            packed,
            channels,
            columns,
            column_stride,
            channel_stride,
            tap_strides,
        } => {
            let weights = WinogradWeights {
                filtering,
                weights: memory.input(source),
                packed: memory.output(packed),
                channels,
                columns,
                column_stride,
                channel_stride,
                tap_strides,
            };
            winograd_weights(&weights, share);
        }
        Instruction::WinogradInput {
            filtering,
            input,
            transformed,
            height,
            width,
            channels,
            padding,
            pieces,
            first,
            count,
        } => {
            let (input, transformed) = (memory.input(input), memory.output(transformed));
            let transform =
                WinogradInput { filtering, input, transformed, height, width, channels, padding, pieces, first, count };
            winograd_input(&transform, share);
        }
        Instruction::WinogradOutput {
            filtering,
            transformed,
            weights,
            bias,
            residual,
            output,
            activation,
            height,
            width,
            channels,
            columns,
            pieces,
            first,
            count,
        } => {
            let epilogue = Epilogue { bias: memory.optional(bias), residual: memory.optional(residual), activation };
            let products = WinogradOutput {
                filtering,
                transformed: memory.input(transformed),
                weights: memory.input(weights),
                epilogue,
                output: memory.output(output),
                height,
                width,
                channels,
                columns,
                pieces,
                first,
                count,
            };
            winograd_output(&products, share);
        }
        Instruction::Pool2d {
            kind,
            input,
            output,
            batch,
            height,
            width,
            channels,
            output_height,
            output_width,
            kernel,
            stride,
            padding,
        } => {
            let (input, output) = (memory.input(input), memory.output(output));
            let pool = Pool2d {
                kind,
                input,
                output,
                batch,
                height,
                width,
                channels,
                output_height,
                output_width,
                kernel,
                stride,
                padding,
            };
            pool2d(&pool, share);
        }
        Instruction::Copy { input, output, sizes, input_strides, output_strides } => {
            let (input, output) = (memory.input(input), memory.output(output));
            copy(&Copy { input, output, sizes, input_strides, output_strides }, share);
        }
        Instruction::Fill { output, count, value } => fill(memory.output(output), count, value, share),
        Instruction::Unary { kind, input, output, count } => {
            unary(kind, memory.input(input), memory.output(output), count, share);
        }
        Instruction::Binary { kind, a, b, output, sizes, a_strides, b_strides } => {
            let (a, b, output) = (memory.input(a), memory.input(b), memory.output(output));
            binary(&Binary { kind, a, b, output, sizes, a_strides, b_strides }, share);
        }
        Instruction::ScaleShift { input, scale, shift, output, rows, channels, activation } => {
            let (input, output) = (memory.input(input), memory.output(output));
            let (scale, shift) = (memory.input(scale), memory.input(shift));
            scale_shift(&ScaleShift { input, scale, shift, output, rows, channels, activation }, share);
        }
        Instruction::Reduce { kind, input, output, outer, length, inner } => {
            reduce(kind, memory.input(input), memory.output(output), Axis { outer, length, inner }, share);
        }
        Instruction::Softmax { input, output, outer, length, inner } => {
            softmax(false, memory.input(input), memory.output(output), Axis { outer, length, inner }, share);
        }
        Instruction::LogSoftmax { input, output, outer, length, inner } => {
            softmax(true, memory.input(input), memory.output(output), Axis { outer, length, inner }, share);
        }
        Instruction::Argmax { input, output, outer, length, inner } => {
            argmax(memory.input(input), memory.output(output).cast(), Axis { outer, length, inner }, share);
        }
        Instruction::WeightedSum { inputs, weights, output, count } => {
            let inputs = inputs.map(|input| memory.optional(input));
            let sum = WeightedSum { inputs, weights: memory.input(weights), output: memory.output(output), count };
            weighted_sum(&sum, share);
        }
        Instruction::BlockMoments { input, partials, rows, channels, block } => {
            let (input, partials) = (memory.input(input), memory.output(partials));
            block_moments(&BlockMoments { input, partials, rows, channels, block }, share);
        }
        Instruction::Moments { partials, output, rows, channels, block } => {
            let (partials, output) = (memory.input(partials), memory.output(output));
            moments(&Moments { partials, output, rows, channels, block }, share);
        }
        Instruction::Normalize {
            input,
            moments,
            gamma,
            beta,
            residual,
            output,
            rows,
            channels,
            epsilon,
            activation,
        } => {
            let norm = Normalize {
                input: memory.input(input),
                moments: memory.input(moments),
                gamma: memory.input(gamma),
                beta: memory.input(beta),
                residual: memory.optional(residual),
                output: memory.output(output),
                rows,
                channels,
                epsilon,
                activation,
            };
            normalize(&norm, share);
        }
        Instruction::NormalizeSums { gradient, input, moments, gate, partials, rows, channels, block, epsilon } => {
            let sums = NormalizeSums {
                gradient: memory.input(gradient),
                input: memory.input(input),
                moments: memory.input(moments),
                gate: memory.optional(gate),
                partials: memory.output(partials),
                rows,
                channels,
                block,
                epsilon,
            };
            normalize_sums(&sums, share);
        }
        Instruction::NormalizeGradient {
            gradient,
            input,
            moments,
            gamma,
            sums,
            gate,
            output,
            rows,
            channels,
            epsilon,
        } => {
            let norm = NormalizeGradient {
                gradient: memory.input(gradient),
                input: memory.input(input),
                moments: memory.input(moments),
                gamma: memory.input(gamma),
                sums: memory.input(sums),
                gate: memory.optional(gate),
                output: memory.output(output),
                rows,
                channels,
                epsilon,
            };
            normalize_gradient(&norm, share);
        }
        Instruction::Pool2dGradient {
            kind,
            gradient,
            input,
            output,
            batch,
            height,
            width,
            channels,
            output_height,
            output_width,
            kernel,
            stride,
            padding,
        } => {
            let (gradient, input, output) = (memory.input(gradient), memory.input(input), memory.output(output));
            let pool = Pool2d {
                kind,
                input,
                output,
                batch,
                height,
                width,
                channels,
                output_height,
                output_width,
                kernel,
                stride,
                padding,
            };
            pool2d_gradient(&Pool2dGradient { gradient, pool }, share);
        }
        Instruction::WeightGradient {
            input,
            gradient,
            partials,
            segments,
            batch,
            height,
            width,
            output_height,
            output_width,
            groups,
            columns,
            depth,
            kernel,
            stride,
            dilation,
            padding,
        } => {
            let gradient = WeightGradient {
                input: memory.input(input),
                gradient: memory.input(gradient),
                partials: memory.output(partials),
                segments,
                batch,
                height,
                width,
                output_height,
                output_width,
                groups,
                columns,
                depth,
                kernel,
                stride,
                dilation,
                padding,
            };
            weight_gradient(&gradient, share);
        }
        Instruction::SumWeights { partials, output, segments, groups, columns, depth, taps } => {
            let (partials, output) = (memory.input(partials), memory.output(output));
            sum_weights(&SumWeights { partials, output, segments, groups, columns, depth, taps }, share);
        }
    }
}
