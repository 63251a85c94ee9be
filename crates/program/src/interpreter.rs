use crate::barrier::Barrier;
use crate::fields::Address;
use crate::instructions::Instruction;
use crate::training;
use nn::{
    argmax, binary, conv2d, copy, fill, pack_panels, pool2d, reduce, scale_shift, softmax, unary, winograd_input,
    winograd_output, winograd_weights, Axis, Binary, Conv2d, Copy, Epilogue, PanelSource, Pool2d, ScaleShift, Share,
    WinogradInput, WinogradOutput, WinogradWeights, COLUMNS,
};

/// The memory that addresses point into.
#[derive(Clone, Copy)]
pub struct Memory {
    /// Address 0.
    pub base: *mut u8,
}

impl Memory {
    pub(crate) fn input(self, address: Address) -> *const f32 {
        self.output(address)
    }

    pub(crate) fn optional(self, address: Address) -> *const f32 {
        if address.0 == 0 {
            std::ptr::null()
        } else {
            self.input(address)
        }
    }

    pub(crate) fn output(self, address: Address) -> *mut f32 {
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
            scratch,
            scratch_floats,
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
                scratch: memory.output(scratch).cast(),
                scratch_len: scratch_floats * size_of::<f32>() / size_of::<*const f32>(),
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
            form,
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
            scratch,
            scratch_floats,
        } => {
            let epilogue = Epilogue { bias: memory.optional(bias), residual: memory.optional(residual), activation };
            let products = WinogradOutput {
                filtering,
                form,
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
                scratch: memory.output(scratch),
                scratch_floats,
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
        Instruction::WeightedSum { .. }
        | Instruction::BlockMoments { .. }
        | Instruction::Moments { .. }
        | Instruction::Normalize { .. }
        | Instruction::NormalizeSums { .. }
        | Instruction::NormalizeGradient { .. }
        | Instruction::Pool2dGradient { .. }
        | Instruction::WeightGradient { .. }
        | Instruction::SumWeights { .. }
        | Instruction::WinogradFactor { .. }
        | Instruction::WinogradProducts { .. }
        | Instruction::WinogradTaps { .. } => training::execute(instruction, memory, share),
    }
}
