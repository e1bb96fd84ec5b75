/* Reading tiles as runs of one colour: RUNS. */
#include "stream_read.h"

/* Remember a run that is new, if there is room. */
static void remember(fl_reader *in, uint32_t run)
{
    if (in->n_runs == FL_MAX_RUNS)
        return;
    in->uses[in->n_runs] = 0;
    in->runs[in->n_runs++] = run;
    if (in->n_near < FL_RUNS_NEAR_AT_ONCE)
        in->near[in->n_near++] = run;
}

/* Take a run that is named by its place among all. */
static uint32_t take_far(fl_reader *in, int first)
{
    const uint8_t *low = fl_take(in, 1);
    const int place = (first - FL_RUN_FAR) * 256 + (low ? *low : 0);
    if (!low || place >= in->n_runs)
        return 0;
    if (in->uses[place] < FL_USES_TO_NEAR && ++in->uses[place] == FL_USES_TO_NEAR && in->n_near < FL_RUN_NEAR)
        in->near[in->n_near++] = in->runs[place];
    return in->runs[place];
}

/* Take a run of the colour of another one, which is among the first or named by its place. */
static uint32_t take_like(fl_reader *in, int first)
{
    const bool is_far = first >= FL_RUN_LIKE;
    const uint8_t *p = fl_take(in, is_far ? 2 : 1);
    if (!p)
        return 0;
    const int place = is_far ? (first - FL_RUN_LIKE) * 256 + p[0] : first - FL_RUN_LIKE_FIRST, length = p[is_far];
    if (!length || place >= in->n_runs)
        return 0;
    const uint32_t run = (in->runs[place] & FL_COLOUR) | (uint32_t)length << 24;
    remember(in, run);
    return run;
}

static uint32_t take_spelled(fl_reader *in, int first)
{
    const uint8_t *p = fl_take(in, first == FL_RUN_PIXEL ? 3 : 4);
    const int length = !p || first == FL_RUN_PIXEL ? 1 : p[3];
    if (!p || !length)
        return 0;
    const uint32_t run = fl_get_colour(p) | (uint32_t)length << 24;
    remember(in, run);
    return run;
}

/* Take a run that is not a near one: colour and pixels, as the encoder's kernels have it, or 0. */
static uint32_t take_other(fl_reader *in, int first)
{
    if (first >= FL_RUN_PIXEL)
        return take_spelled(in, first);
    if (first >= FL_RUN_LIKE_FIRST)
        return take_like(in, first);
    return first >= FL_RUN_FAR ? take_far(in, first) : 0;
}

bool fl_take_runs(fl_reader *in, uint32_t *pixels, int size)
{
    for (int done = 0; done < size;) {
        const uint8_t *first = fl_take(in, 1);
        if (!first)
            return false;
        const uint32_t run = *first < in->n_near ? in->near[*first] : take_other(in, *first);
        const int length = (int)(run >> 24);
        if (!length || length > size - done)
            return false;
        for (int i = 0; i < length; i += FL_RUN_CHUNK) {
            for (int k = 0; k < FL_RUN_CHUNK; k++)
                pixels[done + i + k] = run & FL_COLOUR;
        }
        done += length;
    }
    return true;
}

int fl_read_runs(fl_reader *in)
{
    fl_tile t;
    uint32_t pixels[FL_TILE_PIXELS + FL_RUN_CHUNK];
    if (!fl_take_tile(in, &t) || !fl_take_runs(in, pixels, t.w * t.h))
        return -EBADMSG;
    fl_kernels.tile_copy((const uint8_t *)pixels, (ptrdiff_t)4 * t.w, fl_open_tile(in, &t), in->stride, t.w, t.h);
    return 0;
}
