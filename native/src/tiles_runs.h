/* The runs of a tile: what every variant shares. */
#ifndef FL_TILES_RUNS_H
#define FL_TILES_RUNS_H

#include "internal.h"

/* Whether a run has to end before a row that starts at pixel `at`, because behind it it could be too long to tell. */
static inline bool fl_run_must_end(int at, int last, int w)
{
    return at + w - last > FL_LONGEST_RUN;
}

/* Close runs that so far have, in the place of their length, the lower eight bits of where they begin. */
static inline int fl_close_runs(uint32_t *runs, int n, int size)
{
    runs[n] = (uint32_t)size << 24;
    for (int i = 0; i < n; i++)
        runs[i] = (runs[i] & FL_COLOUR) | ((runs[i + 1] & ~(uint32_t)FL_COLOUR) - (runs[i] & ~(uint32_t)FL_COLOUR));
    return n;
}

/* Begin runs in the row that starts at pixel `at`, where bits are set. Returns how many there are then. */
static inline int fl_begin_runs(uint32_t *runs, int n, const uint8_t *row, int at, uint64_t starts)
{
    for (; starts; starts &= starts - 1) {
        const int x = __builtin_ctzll(starts);
        runs[n++] = fl_load_pixel(row + 4 * x) | (uint32_t)(at + x) << 24;
    }
    return n;
}

#endif
