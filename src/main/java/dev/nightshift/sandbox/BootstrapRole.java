package dev.nightshift.sandbox;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The name of the role that initdb made, number 10, which is a superuser for ever but need not be called postgres. A
 * server that is in recovery cannot be asked before one logs in, so it is read from pg_authid's own pages (layout: manual,
 * sections 73.6 and 53.8).
 */
public final class BootstrapRole {
    private static final int BOOTSTRAP_OID = 10;
    private static final int AUTHID = 1260;
    private static final int FILE_MAP_MAGIC = 0x592717;
    private static final int PAGE = 8192;
    private static final int PAGE_HEADER = 24;
    private static final int NAME_LENGTH = 64;

    /** LP_NORMAL of a line pointer: the item is there. */
    private static final int NORMAL = 1;

    /** HEAP_XMAX_INVALID in t_infomask: nobody deleted or replaced the row. */
    private static final int NOT_REPLACED = 0x0800;

    private BootstrapRole() {}

    /**
     * Reads it from a data folder.
     *
     * @throws Failure.Fatal if the pages are missing or hold no such role
     */
    public static String read(Path data) {
        try {
            byte[] table = Files.readAllBytes(data.resolve("global").resolve(Integer.toUnsignedString(file(data))));
            String name = null;
            for (int start = 0; start + PAGE <= table.length; start += PAGE) {
                name = find(ByteBuffer.wrap(table, start, PAGE).slice().order(ByteOrder.nativeOrder()), name);
            }
            if (name != null) {
                return name;
            }
            throw new Failure.Fatal("The file of pg_authid names no bootstrap superuser.", null, null);
        } catch (IOException e) {
            throw new Failure.Fatal("The file of pg_authid cannot be read: " + e.getMessage(), null, e);
        }
    }

    private static int file(Path data) throws IOException {
        ByteBuffer map = ByteBuffer.wrap(Files.readAllBytes(data.resolve("global/pg_filenode.map")))
                .order(ByteOrder.nativeOrder());
        if (map.limit() >= 8 && map.getInt(0) == FILE_MAP_MAGIC) {
            for (int i = 0; i < map.getInt(4) && 16 + i * 8 <= map.limit(); i++) {
                if (map.getInt(8 + i * 8) == AUTHID) {
                    return map.getInt(12 + i * 8);
                }
            }
        }
        throw new IOException("global/pg_filenode.map does not name it");
    }

    /** The current version of the row if there is one on the page, else the one known so far, else any version. */
    private static @Nullable String find(ByteBuffer page, @Nullable String known) {
        String name = known;
        int lower = Math.min(page.getShort(12) & 0xffff, PAGE);
        for (int pointer = PAGE_HEADER; pointer + 4 <= lower; pointer += 4) {
            int item = page.getInt(pointer);
            int offset = item & 0x7fff;
            if ((item >>> 15 & 3) != NORMAL || offset + PAGE_HEADER > PAGE) {
                continue;
            }
            int row = offset + (page.get(offset + 22) & 0xff);
            if (row + 4 + NAME_LENGTH > PAGE || page.getInt(row) != BOOTSTRAP_OID) {
                continue;
            }
            boolean current = page.getInt(offset + 4) == 0 || (page.getShort(offset + 20) & NOT_REPLACED) != 0;
            if (current || name == null) {
                name = text(page, row + 4);
            }
        }
        return name;
    }

    private static String text(ByteBuffer page, int start) {
        byte[] bytes = new byte[NAME_LENGTH];
        page.get(start, bytes);
        int length = 0;
        while (length < NAME_LENGTH && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }
}
