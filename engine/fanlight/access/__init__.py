"""Who may come in, and with which rights: pure rules over one store, no clock, no socket."""
