/* What is known, or asked for, without the server: size, pointer, where pixels come from, comparing. Any thread. */
#include <errno.h>
#include <string.h>

#include "capture.h"

void fl_x11_size(fl_x11 *x, int32_t *w, int32_t *h)
{
    pthread_mutex_lock(&x->lock);
    *w = x->w;
    *h = x->h;
    pthread_mutex_unlock(&x->lock);
}

int fl_x11_is_mapped(fl_x11 *x, char *why, int why_size)
{
    int mapped;

    pthread_mutex_lock(&x->lock);
    mapped = x->is_mapped;
    fl_because((fl_why){why, why_size}, 0, "%s", x->unmapped);
    pthread_mutex_unlock(&x->lock);
    return mapped;
}

void fl_x11_compare(fl_x11 *x)
{
    x->compare = true;
}

int fl_x11_pointer(fl_x11 *x, int32_t *px, int32_t *py)
{
    int on_screen;

    pthread_mutex_lock(&x->lock);
    on_screen = x->sprite.on_screen;
    *px = x->sprite.x;
    *py = x->sprite.y;
    pthread_mutex_unlock(&x->lock);
    return on_screen;
}

int fl_x11_cursor_shape(fl_x11 *x, fl_x11_cursor *shape, uint8_t *pixels, int32_t capacity)
{
    int length;

    pthread_mutex_lock(&x->lock);
    *shape = x->sprite.shape;
    length = shape->w * shape->h * 4;
    if (length > capacity)
        length = -ENOSPC;
    else if (length)
        memcpy(pixels, x->sprite.pixels, (size_t)length);
    pthread_mutex_unlock(&x->lock);
    return length;
}
