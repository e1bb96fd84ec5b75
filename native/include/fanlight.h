/* fanlight's native core: the whole contract in one file.
 *
 * cffi reads this file as its cdef and the compiler includes it (through internal.h), so it holds plain
 * declarations only: no #include, no #if.
 *
 * Conventions
 *   pictures  BGRX, 4 bytes a pixel, stride in bytes (>= 4 * w, any alignment). The X byte never counts in a
 *             comparison or hash and is written as 0. 1 to 16384 pixels a side, 2^26 in all: else -EINVAL.
 *   tiles     64x64 px, row-major over ceil(w/64) x ceil(h/64); `uint8_t tiles[]`, non-zero = marked.
 *   results   0 or a count on success, negated errno on failure (-EINVAL: the caller's arguments,
 *             -EBADMSG: a peer's bytes, -ENOSPC: the output is too small, -EPIPE: the X server is gone).
 *   threads   kernels are pure and thread-safe unless said otherwise; no kernel allocates.
 */

/* ---- instruction sets ------------------------------------------------------------------------------------ */

#define FL_CPU_AVX2 1
#define FL_CPU_AVX512 2 /* F, BW and VL */
#define FL_CPU_NEON 4

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
 * The hash is part of the protocol: docs/tile-stream.md defines it. Shadows make theirs from row sums that they keep; this
 * is what tests hold them to. */
int fl_tiles_hash(const uint8_t *image, ptrdiff_t stride, int w, int h, const uint8_t *tiles, uint64_t *hashes);

/* Look at every 8th row of the marked tiles. Unmark those in which these rows have the sum that stands in `glances` (one a
 * tile, 0 at first) since the last look; write the new sums there. Returns how many stay marked: in these something
 * changed, and in the others probably nothing. */
int fl_tiles_glance(const uint8_t *image, ptrdiff_t stride, int w, int h, uint8_t *tiles, uint64_t *glances);

/* Write the marked tiles to planes of a video frame: BT.709 in full range, exactly as native/src/tiles_planes.c defines
 * it. NV12 has planes of even sides: `luma` takes h + h % 2 rows and `chroma`, Cb and Cr in turns, half of that, each of
 * w + w % 2 bytes. 4:4:4 has three planes of h rows of w bytes. Strides are at least those. */
int fl_tiles_nv12(const uint8_t *image, ptrdiff_t stride, int w, int h, const uint8_t *tiles, uint8_t *luma,
                  ptrdiff_t luma_stride, uint8_t *chroma, ptrdiff_t chroma_stride);
int fl_tiles_yuv444(const uint8_t *image, ptrdiff_t stride, int w, int h, const uint8_t *tiles, uint8_t *y, uint8_t *u,
                    uint8_t *v, ptrdiff_t plane_stride);

/* ---- the shadow: a picture that is kept, and what an update must bring ------------------------------------------- */

/* A picture that is kept beside one that changes. The caller owns all of it and calls with one shadow from one thread
 * at a time. `rows` holds the row sums of docs/tile-stream.md, h for each column of tiles; `known` says for which
 * tiles (all 0 at first). `work` takes fl_shadow_work() bytes, aligned to 8; it keeps nothing from call to call but what
 * fl_shadow_find() promises to fl_shadow_take(), and may be NULL where nothing is searched. `room`, or NULL, is the memory
 * of which the picture takes a part: fl_shadow_find() may then choose another part of it, by `pixels`, instead of moving
 * all that a page scrolled. */
typedef struct fl_shadow {
    uint8_t *pixels;
    ptrdiff_t stride;
    int32_t w, h;
    uint64_t *rows;
    uint8_t *known;
    uint8_t *work;
    uint8_t *room;
    int64_t room_size;
    int32_t fruitless, pause; /* searches that found nothing lately, and updates to wait before the next; 0 at first */
    int32_t slid; /* by how many rows the last search found that a page slid; 0 at first */
} fl_shadow;

/* The most that one fl_shadow_find() may be asked for. */
#define FL_MAX_MOVES 64

/* How many bytes `work` takes for pictures of w x h. */
int64_t fl_shadow_work(int w, int h);

/* Find what makes the shadow equal to `after` inside the marked tiles: at most `max` moves, which are verified pixel by
 * pixel and applied to the shadow here, in order, each on what those before it left; then the tiles that still
 * differ, which stay marked. No move reads or writes a tile marked in `lossy`
 * (may be NULL). No unmarked tile of `after` is read, and no move writes to one.
 * `*differed` becomes the count of tiles that differed before the moves. Returns how many moves were written. */
int fl_shadow_find(fl_shadow *shadow, const uint8_t *after, ptrdiff_t after_stride, uint8_t *tiles,
                   const uint8_t *lossy, fl_move *moves, int max, int32_t *differed);

/* Copy the marked tiles of `after` into the shadow, X bytes as 0. After a fl_shadow_find() it must be the same picture. */
int fl_shadow_take(fl_shadow *shadow, const uint8_t *after, ptrdiff_t after_stride, const uint8_t *tiles);

/* Bring the picture digest of docs/tile-stream.md up to date: `mixed` holds what each tile has in it, `*digest` their
 * exclusive or (all 0 at first, with every tile stale). Hashes the stale tiles and unmarks them. */
int fl_shadow_digest(fl_shadow *shadow, uint8_t *stale, uint64_t *mixed, uint64_t *digest);

/* ---- moves -------------------------------------------------------------------------------------------------- */

/* Apply moves in place, in order, each as memmove would: what tests hold fl_shadow_find() and decoders to. -EINVAL before
 * anything is moved if one leaves the picture. */
int fl_moves_apply(uint8_t *image, ptrdiff_t stride, int w, int h, const fl_move *moves, int n);

/* ---- the lossless tile stream (docs/tile-stream.md) ----------------------------------------------------------- */

#define FL_CACHE_MAX_SLOTS 16384

/* Tiles put aside at both ends of a stream, so that they can come back by name. Each end has its own. The caller owns it
 * and all that it points to, zeroed at first, and sets `slots`, a power of two of at most FL_CACHE_MAX_SLOTS, the same at
 * both ends. Pages of `pixels` that no tile has come to are not touched. */
typedef struct fl_cache {
    uint8_t *pixels; /* slots * FL_TILE * FL_TILE * 4 bytes */
    uint16_t *sizes; /* one a slot */
    int32_t slots;
    /* The encoder's only. */
    uint64_t *hashes; /* one a slot */
    uint16_t *index; /* 4 a slot */
    int64_t stored; /* tiles so far; 0 forgets all of them, for a stream that must stand alone */
    int64_t before; /* `stored` when the last stream began */
} fl_cache;

/* Undo what the last fl_stream_encode() did to the cache: its stream will never reach the decoder. */
int fl_cache_take_back(fl_cache *cache);

/* The largest stream that `n_moves` moves and `n_tiles` tiles can give, in bytes. */
int64_t fl_stream_bound(int n_moves, int n_tiles);

/* Write the moves, then every marked tile of `image`, as a tile stream. Tiles that `cache` holds are named. Of those that
 * are overwritten, the others are put into it, if `before` is given: the pixels that the decoder has after the moves,
 * stride `before_stride`, but for tiles marked in `lossy` (may be NULL). `cache` NULL: no use of one. Returns the length in
 * bytes, -ENOSPC, or -EINVAL also for a move that leaves the picture and for moves of more than 3 pictures together;
 * after a failure the cache must be taken back. */
int64_t fl_stream_encode(const uint8_t *image, ptrdiff_t stride, int w, int h, const fl_move *moves, int n_moves,
                         const uint8_t *tiles, fl_cache *cache, const uint8_t *before, ptrdiff_t before_stride,
                         const uint8_t *lossy, uint8_t *out, int64_t capacity);

/* Write the stream that makes the shadow's picture at a decoder that of `after` in the marked tiles, after moves that the
 * shadow has already made, and take them over: fl_stream_encode() with the shadow as `before`, or, `alone`, with none, and
 * then fl_shadow_take(), but each run of tiles is taken while the caches have it. After a failure some may be taken. */
int64_t fl_shadow_send(fl_shadow *shadow, const uint8_t *after, ptrdiff_t after_stride, const fl_move *moves,
                       int n_moves, const uint8_t *tiles, fl_cache *cache, const uint8_t *lossy, int alone,
                       uint8_t *out, int64_t capacity);

/* Apply a tile stream to `image` and mark the tiles it touches. The stream is hostile: -EBADMSG at the first operation
 * that is unknown, truncated, leaves the picture or the cache, names a slot without such a tile, or makes it more than 4
 * pictures of work; operations before it stay applied. `cache` may be NULL: then there are no slots. Every pixel
 * written has X as 0, if all of `image` had. */
int fl_stream_decode(const uint8_t *stream, int64_t length, uint8_t *image, ptrdiff_t stride, int w, int h,
                     uint8_t *tiles, fl_cache *cache);

/* ---- one update in one call -------------------------------------------------------------------------------------- */

/* Before the stream stand a zero byte and its length as a little-endian u32: with it, an update that is not compressed. */
#define FL_LANE_HEAD 5

/* What the updates of one shadow use again and again. The caller owns all of it; the shadow needs its `work`.
 * tiles   the marks of the update: what it brings, or what is left to bring
 * stale   the tiles that changed since fl_shadow_digest(), which unmarks them
 * touched the tiles that the update changes at the decoder: those of `tiles`, and those that a move writes to
 * out     `capacity` bytes, at least FL_LANE_HEAD and fl_stream_bound() of FL_MAX_MOVES and all tiles
 * length  what the last fl_lane_update() or fl_lane_whole() returned
 * moves, n_moves, differed   as by fl_shadow_find() */
typedef struct fl_lane {
    int64_t length;
    int64_t tile_pixels, move_pixels; /* how many the tiles have, and the moves write */
    fl_shadow *shadow;
    fl_cache *cache;
    uint8_t *tiles, *stale, *touched, *out;
    int64_t capacity;
    fl_move moves[64];
    int32_t n_moves, differed;
} fl_lane;

/* Mark the tiles that `n` rectangles touch, find what makes the shadow equal to `after` there by at most `max_moves`
 * moves, write it to `out` as a tile stream with its head, and take it into the shadow: fl_tiles_mark(), fl_shadow_find()
 * and fl_shadow_send() in a row. Returns the stream's length, 0 where nothing differs. Where more than
 * `most` tiles are left after the moves, -EAGAIN: found, but neither written nor taken, which is left to the caller. */
int64_t fl_lane_update(fl_lane *lane, const uint8_t *after, ptrdiff_t after_stride, const fl_rect *rects, int n,
                       int max_moves, int most);

/* After -EAGAIN, with the same picture: write what was found, as fl_lane_update() does, with the same results; and take
 * what was written into the shadow. In between, the stream may be given up by fl_cache_take_back(). */
int64_t fl_lane_write(fl_lane *lane, const uint8_t *after, ptrdiff_t after_stride);
int fl_lane_take(fl_lane *lane, const uint8_t *after, ptrdiff_t after_stride);

/* Write all of a picture, for a decoder of which nothing is known, and take it into the shadow; the cache forgets what was put
 * aside. Returns the stream's length, which has its head before it as after fl_lane_update(). */
int64_t fl_lane_whole(fl_lane *lane, const uint8_t *after, ptrdiff_t after_stride);

/* ---- X11 capture ---------------------------------------------------------------------------------------------- */

/* What fl_x11_next() brings, OR-ed in its result. */
#define FL_X11_FRAME 1
#define FL_X11_POINTER 2
#define FL_X11_CURSOR 4

#define FL_X11_CURSOR_SIDE 512

/* A captured screen: an X connection and a thread of its own. One consumer at a time, but for fl_x11_wake(). */
typedef struct fl_x11 fl_x11;

/* A picture's memory, shared with the X server. Counted, so that a reader may keep it past a resize or a close. */
typedef struct fl_x11_memory fl_x11_memory;

/* How to capture; zeroed but for max_fps it is the whole screen, read in place. Strings are copied.
 * max_fps      at most so many reads a second, 1 to 1000
 * compare      keep a private picture, and hand out only frames in which pixels changed
 * framebuffer  the file of an Xvfb -fbdir that runs the display, or NULL: mapped where that works, so that the server
 *              copies nothing. It implies compare, and hides the cursor that the server paints into the pixels.
 * monitor      the name of the one RandR monitor to capture, or NULL */
typedef struct fl_x11_options {
    int32_t max_fps, compare;
    const char *framebuffer;
    const char *monitor;
} fl_x11_options;

/* `pixels` holds the whole picture, not only the `n_rects` damaged rectangles, and lies in `memory`. Times are
 * CLOCK_MONOTONIC nanoseconds: the first damage in this frame, and the end of the read. `changed` marks the tiles whose
 * pixels differ from the frame before, until the next call of fl_x11_next(); NULL where it was read in place. */
typedef struct fl_x11_frame {
    const uint8_t *pixels;
    fl_x11_memory *memory;
    int32_t w, h, stride;
    int32_t n_rects;
    const uint8_t *changed;
    int64_t damaged_at_ns, captured_at_ns;
    fl_rect rects[64];
} fl_x11_frame;

/* The pointer's picture: w * h * 4 bytes, BGRA, premultiplied; w and h are 0 when there is none to show. */
typedef struct fl_x11_cursor {
    int32_t w, h, hot_x, hot_y;
} fl_x11_cursor;

/* A part of the screen that a person calls a monitor. */
#define FL_X11_MONITOR_NAME 64

typedef struct fl_x11_monitor {
    char name[64];
    fl_rect area;
    int32_t primary;
} fl_x11_monitor;

/* List at most `max` monitors of `display`; returns how many there are. Failures as for fl_x11_open(). */
int fl_x11_monitors(const char *display, fl_x11_monitor *monitors, int max, char *why, int why_size);

/* Connect to `display` (NULL: $DISPLAY) and start capturing.
 * On failure `why` holds one sentence. -ENOTSUP: the display works, but not for this way of capturing; -ECONNREFUSED:
 * no server; -EACCES: it refused us; -EINVAL: no such display name; -ENODEV: no such monitor; or what the system said. */
int fl_x11_open(const char *display, const fl_x11_options *options, fl_x11 **out, char *why, int why_size);

/* Where the pixels come from: 1 the mapped framebuffer, 0 MIT-SHM; `why` then says why a framebuffer that was named is
 * not used, and is empty where none was. Any thread. */
int fl_x11_is_mapped(fl_x11 *x, char *why, int why_size);

/* Wait for something new, at most `timeout_ns` nanoseconds (negative: for ever). Returns FL_X11_* bits, 0 when the time
 * is over or fl_x11_wake() was called, -EINTR after a signal, -EPIPE when the X server is gone, -ENODEV when the
 * monitor is. With FL_X11_FRAME
 * `frame` is filled; its pixels stay as they are until the next call that fills it. */
int fl_x11_next(fl_x11 *x, int64_t timeout_ns, fl_x11_frame *frame);

/* What fl_x11_next_update() is to do, and `news`, what fl_x11_next() returned in it. One argument is what a call from Python
 * takes the fewest steps for. */
typedef struct fl_x11_wait {
    fl_x11 *x;
    fl_x11_frame *frame;
    fl_lane *lane;
    int64_t timeout_ns;
    int32_t max_moves, most, news;
    int32_t closed; /* any thread's to set: where it is not 0 when a frame comes, the lane is not given it */
} fl_x11_wait;

/* Do what fl_x11_next() does, and then fl_lane_update() with the frame: for a small change, all that lies between waking up
 * and an update that is made. lane->length is the result, -ESTALE where the frame is not given to the lane, or has not the
 * shadow's size; without a frame it stays as it was. Returns how many bytes an update has, head and stream, that was written,
 * moves nothing and came with no other news; else 0, or -EINVAL. */
int64_t fl_x11_next_update(fl_x11_wait *wait);

/* Make a waiting, or else the next, fl_x11_next() return. Any thread. */
void fl_x11_wake(fl_x11 *x);

/* Do from the next read on as if it was opened with `compare`: what it keeps begins as the frame before showed it. Any
 * thread. */
void fl_x11_compare(fl_x11 *x);

/* The size the next frame has, as far as known. Any thread. */
void fl_x11_size(fl_x11 *x, int32_t *w, int32_t *h);

/* Where the pointer stands in the picture. Returns 1, or 0 when it is outside. Any thread. */
int fl_x11_pointer(fl_x11 *x, int32_t *px, int32_t *py);

/* Copy the pointer's shape to `pixels`. Returns its length in bytes, or -ENOSPC after filling `shape` only. Any thread. */
int fl_x11_cursor_shape(fl_x11 *x, fl_x11_cursor *shape, uint8_t *pixels, int32_t capacity);

/* End the thread and the connection; no other call may be under way. Held memory stays. */
void fl_x11_close(fl_x11 *x);

/* Keep a frame's memory mapped, and give it back. Any thread. */
void fl_x11_memory_hold(fl_x11_memory *memory);
void fl_x11_memory_release(fl_x11_memory *memory);

/* Let every process of user `uid` connect to `display`, whose MIT-MAGIC-COOKIE-1 is the 16 bytes of `cookie`. */
int fl_x11_allow_user(const char *display, const uint8_t *cookie, uint32_t uid, char *why, int why_size);

/* ---- X11 input ------------------------------------------------------------------------------------------------ */

/* Injected input: an X connection of its own. Calls from one thread at a time; each returns 0, -EINVAL for a value
 * that does not exist, or -EPIPE when the X server is gone. */
typedef struct fl_input fl_input;

/* Connect to `display` (NULL: $DISPLAY); results and `why` as for fl_x11_open(), -ENOTSUP: the server lacks XTEST. */
int fl_input_open(const char *display, fl_input **out, char *why, int why_size);

/* Put the pointer at (x, y) of the root window. */
int fl_input_move(fl_input *in, int x, int y);

/* Press or release button 1 to 15; 4 to 7 are the wheel: up, down, left, right. */
int fl_input_button(fl_input *in, int button, int down);

/* Press or release the key that gives `keysym`, under any layout: a keysym that no key carries gets a spare keycode,
 * and Shift is put right for a printable one. A release lets go of the key that the press took. -ENOSPC: no keycode
 * is free. */
int fl_input_key(fl_input *in, uint32_t keysym, int down);

/* Release all that is held, free the spare keycodes, disconnect. */
void fl_input_close(fl_input *in);

/* ---- X11 windows ---------------------------------------------------------------------------------------------- */

/* A window of this process, shown to by an X connection of its own, out of memory that the server maps. One thread at a
 * time. */
typedef struct fl_window fl_window;

/* How many memories a window can show from. */
#define FL_WINDOW_SOURCES 2

/* A rectangle of the picture in a slot, and where it goes in the window. */
typedef struct fl_window_part {
    int32_t slot, x, y, w, h, to_x, to_y;
} fl_window_part;

/* Connect to `display` (NULL: $DISPLAY) to show in `window`. Results and `why` as for fl_x11_open(); -EINVAL also where
 * there is no such window, -ENOTSUP where the server cannot map our memory or keeps other pixels than BGRX. */
int fl_window_open(const char *display, uint32_t window, fl_window **out, char *why, int why_size);

/* Let the server read the picture of w x h px, its rows without gaps, that `fd` begins with; it takes the place of what was
 * in `slot`. `fd` negative: nothing any more. `fd` stays the caller's. -EACCES: the server cannot map it. */
int fl_window_lend(fl_window *win, int slot, int fd, int w, int h);

/* Show parts, in order, and wait until the server has read and drawn them, at most `timeout_ns`. Returns 1, or 0 when the
 * time is over: then comes fl_window_settle(), before anything else is shown. -EINVAL before anything is drawn: a part
 * leaves its picture, or the last one is not settled; -EIO: the server refused, because the window is gone. */
int fl_window_put(fl_window *win, const fl_window_part *parts, int n, int64_t timeout_ns);
int fl_window_settle(fl_window *win, int64_t timeout_ns);

void fl_window_close(fl_window *win);
