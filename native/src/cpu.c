/* Which variant of each kernel is in use. */
#include "internal.h"

fl_dsp fl_kernels;

static uint32_t in_use;

void fl_dsp_init_scalar(fl_dsp *dsp)
{
    dsp->tile_equal = fl_tile_equal_scalar;
    dsp->tile_copy = fl_tile_copy_scalar;
    dsp->tile_rows = fl_tile_rows_scalar;
    dsp->row_sum = fl_row_sum_scalar;
    dsp->tile_edges = fl_tile_edges_scalar;
}

#ifdef FL_HAVE_X86

void fl_dsp_init_avx2(fl_dsp *dsp)
{
    dsp->tile_equal = fl_tile_equal_avx2;
    dsp->tile_copy = fl_tile_copy_avx2;
    dsp->tile_rows = fl_tile_rows_avx2;
    dsp->row_sum = fl_row_sum_avx2;
    dsp->tile_edges = fl_tile_edges_avx2;
}

uint32_t fl_cpu_detected(void)
{
    /* It asks the operating system's side too, so that the wide registers survive a task switch. */
    return __builtin_cpu_supports("avx2") ? FL_CPU_AVX2 : 0;
}

#else

void fl_dsp_init_avx2(fl_dsp *dsp)
{
    (void)dsp;
}

uint32_t fl_cpu_detected(void)
{
    return 0;
}

#endif

static void climb(fl_dsp *dsp, uint32_t flags)
{
    fl_dsp_init_scalar(dsp);
    if (!(flags & FL_CPU_AVX2))
        return;
    fl_dsp_init_avx2(dsp);
}

uint32_t fl_cpu_use(uint32_t mask)
{
    in_use = mask & fl_cpu_detected();
    climb(&fl_kernels, in_use);
    return in_use;
}

/* At load time, so that no kernel has to ask whether this has been done. */
__attribute__((constructor)) static void use_all(void)
{
    fl_cpu_use(UINT32_MAX);
}
