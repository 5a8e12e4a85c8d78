package dev.nightshift.testing.harness;

/** Code that a source gives its backups to carry, and that takes memory until it has all that it wants, or is refused. */
public final class Greedy {
    /** Of its calls, each holds so much until the last has returned. */
    private static final int BYTES = 100_000_000;

    private Greedy() {}

    /** {@code public.greedy(n)} holds n times 100 MB at once and answers n. */
    public static String function() {
        return """
                create function public.greedy(n int) returns int language plpgsql as $$
                declare
                    held text := repeat('x', %1$d);
                begin
                    return case when n > 1 then public.greedy(n - 1) else 0 end + length(held) / %1$d;
                end $$
                """.formatted(BYTES);
    }

    /** {@code public.indexed(n)} is n, and in a sandbox greedy for 1.2 GB: what is built on it can be made on the source. */
    public static String indexed() {
        return """
                create function public.indexed(n int) returns int immutable language plpgsql as $$ begin
                    return case when current_setting('listen_addresses') = '' then public.greedy(12) else n end;
                end $$
                """;
    }
}
