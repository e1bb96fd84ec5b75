/* Which variant of each kernel is in use. */
#include "internal.h"

fl_dsp fl_kernels;

static void use_scalar(fl_dsp *dsp)
{
    dsp->tile_equal = fl_tile_equal_scalar;
    dsp->tile_changes = fl_tile_changes_scalar;
    dsp->tile_copy = fl_tile_copy_scalar;
    dsp->tile_rows = fl_tile_rows_scalar;
    dsp->row_sums = fl_row_sums_scalar;
    dsp->row_take = fl_row_take_scalar;
    dsp->row_take_past = fl_row_take_scalar;
    dsp->row_take_ink = fl_row_take_ink_scalar;
    dsp->tile_edges = fl_tile_edges_scalar;
    dsp->tile_runs = fl_tile_runs_scalar;
    dsp->rows_nv12 = fl_rows_nv12_scalar;
    dsp->row_yuv444 = fl_row_yuv444_scalar;
    dsp->span_equal = fl_span_equal_scalar;
    dsp->span_copy = fl_span_copy_scalar;
}

#if defined FL_HAVE_X86

static void use_avx2(fl_dsp *dsp)
{
    dsp->tile_equal = fl_tile_equal_avx2;
    dsp->tile_changes = fl_tile_changes_avx2;
    dsp->tile_copy = fl_tile_copy_avx2;
    dsp->tile_rows = fl_tile_rows_avx2;
    dsp->row_sums = fl_row_sums_avx2;
    dsp->row_take = fl_row_take_avx2;
    dsp->row_take_past = fl_row_take_past_avx2;
    dsp->row_take_ink = fl_row_take_ink_avx2;
    dsp->tile_edges = fl_tile_edges_avx2;
    dsp->tile_runs = fl_tile_runs_avx2;
    dsp->rows_nv12 = fl_rows_nv12_avx2;
    dsp->row_yuv444 = fl_row_yuv444_avx2;
    dsp->span_equal = fl_span_equal_avx2;
    dsp->span_copy = fl_span_copy_avx2;
}

/* What is not set here gains nothing by wider registers. */
static void use_avx512(fl_dsp *dsp)
{
    dsp->tile_equal = fl_tile_equal_avx512;
    dsp->tile_changes = fl_tile_changes_avx512;
    dsp->tile_rows = fl_tile_rows_avx512;
    dsp->row_sums = fl_row_sums_avx512;
    dsp->row_take = fl_row_take_avx512;
    dsp->row_take_past = fl_row_take_past_avx512;
    dsp->row_take_ink = fl_row_take_ink_avx512;
    dsp->tile_edges = fl_tile_edges_avx512;
    dsp->tile_runs = fl_tile_runs_avx512;
    dsp->rows_nv12 = fl_rows_nv12_avx512;
    dsp->row_yuv444 = fl_row_yuv444_avx512;
    dsp->span_equal = fl_span_equal_avx512;
    dsp->span_copy = fl_span_copy_avx512;
}

static void climb(fl_dsp *dsp, uint32_t flags)
{
    use_scalar(dsp);
    if (flags & FL_CPU_AVX2)
        use_avx2(dsp);
    if (flags & FL_CPU_AVX512)
        use_avx512(dsp);
}

/* The compiler's answers ask the operating system's side too, so that the wide registers survive a task switch. */
static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl");
}

uint32_t fl_cpu_detected(void)
{
    return (__builtin_cpu_supports("avx2") ? FL_CPU_AVX2 : 0U) | (has_avx512() ? FL_CPU_AVX512 : 0U);
}

#elif defined FL_HAVE_ARM64

static void use_neon(fl_dsp *dsp)
{
    dsp->tile_equal = fl_tile_equal_neon;
    dsp->tile_changes = fl_tile_changes_neon;
    dsp->tile_copy = fl_tile_copy_neon;
    dsp->tile_rows = fl_tile_rows_neon;
    dsp->row_sums = fl_row_sums_neon;
    dsp->row_take = fl_row_take_neon;
    dsp->row_take_past = fl_row_take_neon;
    dsp->row_take_ink = fl_row_take_ink_neon;
    dsp->tile_edges = fl_tile_edges_neon;
    dsp->tile_runs = fl_tile_runs_neon;
    dsp->rows_nv12 = fl_rows_nv12_neon;
    dsp->row_yuv444 = fl_row_yuv444_neon;
    dsp->span_equal = fl_span_equal_neon;
    dsp->span_copy = fl_span_copy_neon;
}

static void climb(fl_dsp *dsp, uint32_t flags)
{
    use_scalar(dsp);
    if (flags & FL_CPU_NEON)
        use_neon(dsp);
}

/* Every 64-bit ARM has it. */
uint32_t fl_cpu_detected(void)
{
    return FL_CPU_NEON;
}

#else

static void climb(fl_dsp *dsp, uint32_t flags)
{
    (void)flags;
    use_scalar(dsp);
}

uint32_t fl_cpu_detected(void)
{
    return 0;
}

#endif

uint32_t fl_cpu_use(uint32_t mask)
{
    const uint32_t flags = mask & fl_cpu_detected();
    climb(&fl_kernels, flags);
    return flags;
}

/* At load time, so that no kernel has to ask whether this has been done. */
__attribute__((constructor)) static void use_all(void)
{
    fl_cpu_use(UINT32_MAX);
}
