/* The framebuffer file of an Xvfb -fbdir: an X window dump whose pixels are the screen itself. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"

#define MAX_SIDE 32767
#define MAX_COLOURS 65536
#define COLOUR_BYTES 12

/* The header: big-endian words, whatever the machine. Those that are not named say nothing about the pixels. */
enum xwd_word {
    XWD_HEADER_SIZE,
    XWD_VERSION,
    XWD_FORMAT,
    XWD_DEPTH,
    XWD_WIDTH,
    XWD_HEIGHT,
    XWD_X_OFFSET,
    XWD_BYTE_ORDER,
    XWD_BITS_PER_PIXEL = 11,
    XWD_BYTES_PER_LINE,
    XWD_RED_MASK = 14,
    XWD_GREEN_MASK,
    XWD_BLUE_MASK,
    XWD_COLOURS = 19,
    XWD_WORDS = 25
};

enum { XWD_VERSION_7 = 7, XWD_Z_PIXMAP = 2, XWD_LSB_FIRST = 0 };

static void read_header(const uint8_t *file, uint32_t *words)
{
    for (int i = 0; i < XWD_WORDS; i++, file += 4)
        words[i] = (uint32_t)file[0] << 24 | (uint32_t)file[1] << 16 | (uint32_t)file[2] << 8 | file[3];
}

static bool is_bgrx(const uint32_t *words)
{
    return words[XWD_VERSION] == XWD_VERSION_7 && words[XWD_FORMAT] == XWD_Z_PIXMAP &&
           (words[XWD_DEPTH] == 24 || words[XWD_DEPTH] == 32) && words[XWD_X_OFFSET] == 0 &&
           words[XWD_BYTE_ORDER] == XWD_LSB_FIRST && words[XWD_BITS_PER_PIXEL] == 32 &&
           words[XWD_RED_MASK] == 0xff0000 && words[XWD_GREEN_MASK] == 0xff00 && words[XWD_BLUE_MASK] == 0xff;
}

/* Whether the pixels lie inside the file. Every factor is bounded first, so nothing here overflows 64 bits. */
static bool lies_inside(const uint32_t *words, uint64_t size)
{
    const uint64_t w = words[XWD_WIDTH], h = words[XWD_HEIGHT], line = words[XWD_BYTES_PER_LINE];
    const uint64_t head = words[XWD_HEADER_SIZE], colours = words[XWD_COLOURS];

    return w >= 1 && h >= 1 && w <= MAX_SIDE && h <= MAX_SIDE && line >= w * 4 && line % 4 == 0 &&
           head >= XWD_WORDS * 4 && head % 4 == 0 && colours <= MAX_COLOURS &&
           head + colours * COLOUR_BYTES + line * h <= size;
}

static int understand(fl_x11_mapped *mapped, const char *path, fl_why why)
{
    uint32_t words[XWD_WORDS];

    read_header(mapped->file, words);
    if (!is_bgrx(words))
        return fl_because(why, -ENOTSUP, "the framebuffer %s does not keep its pixels as BGRX in 32 bits", path);
    if (!lies_inside(words, mapped->file_size))
        return fl_because(why, -ENOTSUP, "the framebuffer %s is shorter than its header says", path);
    mapped->w = (int)words[XWD_WIDTH];
    mapped->h = (int)words[XWD_HEIGHT];
    mapped->stride = (ptrdiff_t)words[XWD_BYTES_PER_LINE];
    mapped->pixels = (const uint8_t *)mapped->file + words[XWD_HEADER_SIZE] + (size_t)words[XWD_COLOURS] * COLOUR_BYTES;
    return 0;
}

static int map_file(int fd, fl_x11_mapped *mapped, const char *path, fl_why why)
{
    struct stat status;
    void *file;

    if (fstat(fd, &status) < 0)
        return fl_because(why, -errno, "the framebuffer %s cannot be read: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode) || status.st_size < XWD_WORDS * 4)
        return fl_because(why, -ENOTSUP, "the framebuffer %s is not an X window dump", path);
    file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (file == MAP_FAILED)
        return fl_because(why, -errno, "the framebuffer %s cannot be mapped: %s", path, strerror(errno));
    *mapped = (fl_x11_mapped){.file = file, .file_size = (size_t)status.st_size};
    return 0;
}

int fl_x11_map(const char *path, fl_x11_mapped *mapped, fl_why why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int code;

    if (fd < 0)
        return fl_because(why, -errno, "the framebuffer %s cannot be opened: %s", path, strerror(errno));
    code = map_file(fd, mapped, path, why);
    close(fd);
    if (!code)
        code = understand(mapped, path, why);
    if (code)
        fl_x11_unmap(mapped);
    return code;
}

void fl_x11_unmap(fl_x11_mapped *mapped)
{
    if (mapped->file)
        munmap(mapped->file, mapped->file_size);
    *mapped = (fl_x11_mapped){0};
}
