/* fanlight's native core: the whole contract in one file.
 *
 * cffi reads this file as its cdef and the compiler includes it (through internal.h), so it holds plain
 * declarations only: no #include, no #if.
 *
 * Conventions
 *   pictures  BGRX, 4 bytes a pixel, stride in bytes (>= 4 * w, any alignment). The X byte never counts in a
 *             comparison or hash and is written as 0.
 *   tiles     64x64 px, row-major over ceil(w/64) x ceil(h/64); `uint8_t tiles[]`, non-zero = marked.
 *   results   0 or a count on success, negated errno on failure (-EINVAL: the caller's arguments,
 *             -EBADMSG: a peer's bytes, -ENOSPC: the output is too small, -EPIPE: the X server is gone).
 *   threads   kernels are pure and thread-safe unless said otherwise; no kernel allocates.
 */

/* ---- instruction sets ------------------------------------------------------------------------------------ */

#define FL_CPU_AVX2 1

/* The instruction sets this machine has (FL_CPU_*). */
uint32_t fl_cpu_detected(void);

/* Use only the instruction sets in `mask` that the machine has; returns those now in use.
 * Not thread-safe: for tests and benchmarks, with no kernel running. */
uint32_t fl_cpu_use(uint32_t mask);

/* ---- tiles ------------------------------------------------------------------------------------------------ */

#define FL_TILE 64

typedef struct fl_rect {
    int32_t x, y, w, h;
} fl_rect;

typedef struct fl_move {
    int32_t x, y, w, h, src_x, src_y;
} fl_move;

/* Mark the tiles that `n` rectangles touch, leaving other marks alone; rectangles are clipped to w x h. */
int fl_tiles_mark(const fl_rect *rects, int n, int w, int h, uint8_t *tiles);

/* Cover the marked tiles with at most `max` disjoint rectangles, clipped to w x h, in reading order; where they
 * do not fit, the last ones grow. Returns how many were written. */
int fl_tiles_rects(const uint8_t *tiles, int w, int h, fl_rect *rects, int max);

/* Unmark those marked tiles in which `before` and `after` are equal. Unmarked tiles are not read.
 * Returns how many stay marked. */
int fl_tiles_compare(const uint8_t *before, ptrdiff_t before_stride, const uint8_t *after, ptrdiff_t after_stride,
                     int w, int h, uint8_t *tiles);

/* Copy the marked tiles from `source` to `target`, X bytes as 0. */
int fl_tiles_copy(const uint8_t *source, ptrdiff_t source_stride, uint8_t *target, ptrdiff_t target_stride, int w,
                  int h, const uint8_t *tiles);

/* Write a 64-bit hash of each marked tile's pixels to its place in `hashes` (one a tile, others untouched).
 * The hash is part of the protocol: docs/protocol.md defines it. */
int fl_tiles_hash(const uint8_t *image, ptrdiff_t stride, int w, int h, const uint8_t *tiles, uint64_t *hashes);

/* ---- moves -------------------------------------------------------------------------------------------------- */

/* Find rectangles of `area` that stand in `before` at another height (a vertical scroll); each is verified pixel
 * by pixel. `scratch` takes 16 bytes for each row of the picture. Returns how many of at most `max` were written. */
int fl_moves_find(const uint8_t *before, ptrdiff_t before_stride, const uint8_t *after, ptrdiff_t after_stride, int w,
                  int h, const fl_rect *area, uint8_t *scratch, fl_move *moves, int max);

/* Apply moves in place, in order, each as memmove would. -EINVAL before anything is moved if one leaves the picture. */
int fl_moves_apply(uint8_t *image, ptrdiff_t stride, int w, int h, const fl_move *moves, int n);

/* ---- the lossless tile stream (docs/protocol.md) -------------------------------------------------------------- */

/* The largest stream that `n_moves` moves and `n_tiles` tiles can give, in bytes. */
int64_t fl_stream_bound(int n_moves, int n_tiles);

/* Write the moves, then every marked tile of `image`, as a tile stream. Returns its length in bytes, or -ENOSPC. */
int64_t fl_stream_encode(const uint8_t *image, ptrdiff_t stride, int w, int h, const fl_move *moves, int n_moves,
                         const uint8_t *tiles, uint8_t *out, int64_t capacity);

/* Apply a tile stream to `image` and mark the tiles it touches. The stream is hostile: -EBADMSG at the first
 * operation that is unknown, truncated or leaves the picture; operations before it stay applied. */
int fl_stream_decode(const uint8_t *stream, int64_t length, uint8_t *image, ptrdiff_t stride, int w, int h,
                     uint8_t *tiles);

/* ---- X11 capture ---------------------------------------------------------------------------------------------- */

/* ---- X11 input ------------------------------------------------------------------------------------------------ */
