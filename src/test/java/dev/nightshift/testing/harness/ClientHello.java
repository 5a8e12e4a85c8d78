package dev.nightshift.testing.harness;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;

/** The first words of a TLS client of one version and no other, by hand: the JDK's own refuses to speak the old ones. */
public final class ClientHello {
    public static final int TLS_1_0 = 0x0301;
    public static final int TLS_1_1 = 0x0302;
    public static final int TLS_1_2 = 0x0303;

    /** ECDHE with RSA and ECDSA, and RSA: those with CBC and SHA-1 are all that the old versions know. */
    private static final int[] SUITES = {0xc02f, 0xc02b, 0xc030, 0xc02c, 0xc013, 0xc014, 0xc009, 0xc00a, 0x002f, 0x0035
    };

    private ClientHello() {}

    /** Whether the server goes on with that version; it refuses by an alert, or by hanging up. */
    public static boolean accepted(int port, int version) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(record(version));
            socket.getOutputStream().flush();
            DataInputStream answer = new DataInputStream(socket.getInputStream());
            int kind = answer.readUnsignedByte();
            answer.readUnsignedShort();
            answer.readUnsignedShort();
            if (kind != 22 || answer.readUnsignedByte() != 2) {
                return false; // an alert
            }
            answer.skipNBytes(3);
            return answer.readUnsignedShort() == version;
        } catch (EOFException | SocketException e) {
            return false;
        }
    }

    private static byte[] record(int version) throws IOException {
        byte[] hello = hello(version);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeByte(22);
        out.writeShort(TLS_1_0);
        out.writeShort(hello.length + 4);
        out.writeByte(1);
        out.writeByte(0);
        out.writeShort(hello.length);
        out.write(hello);
        return bytes.toByteArray();
    }

    private static byte[] hello(int version) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeShort(version);
        out.write(new byte[32]);
        out.writeByte(0);
        out.writeShort(SUITES.length * 2);
        for (int suite : SUITES) {
            out.writeShort(suite);
        }
        out.writeShort(0x0100); // no compression
        int[] extensions = {
            0x000a,
            6,
            4,
            0x0017,
            0x0018, // groups: secp256r1, secp384r1
            0x000b,
            2,
            0x0100, // points uncompressed
            0x000d,
            8,
            6,
            0x0401,
            0x0403,
            0x0804 // signatures: RSA, ECDSA and RSA-PSS with SHA-256
        };
        out.writeShort(extensions.length * 2);
        for (int value : extensions) {
            out.writeShort(value);
        }
        return bytes.toByteArray();
    }
}
