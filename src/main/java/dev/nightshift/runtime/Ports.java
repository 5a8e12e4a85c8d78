package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** TCP ports are tried before anything starts, so that a taken one is a sentence and not a stack trace. */
final class Ports {
    private final List<String> taken = new ArrayList<>();
    private String first = "";

    void need(String variable, String host, int port) {
        if (!isFree(host, port)) {
            if (taken.isEmpty()) {
                first = variable;
            }
            taken.add("Port " + port + " is taken by another program. Choose another one with " + variable + ".");
        }
    }

    /** As {@link #need}, but a server that runs on this cluster's own data has the port by right. */
    void needForCluster(String variable, int port, Path data) {
        boolean ours = PostmasterPid.read(data)
                .filter(pid -> pid.port() == port && pid.serves(data))
                .isPresent();
        if (!ours) {
            need(variable, "127.0.0.1", port);
        }
    }

    void refuseTaken() {
        if (!taken.isEmpty()) {
            throw new Failure.Invalid(first, String.join("\n", taken));
        }
    }

    static boolean isFree(String host, int port) {
        if (port < 1 || port > 65535) {
            return false;
        }
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(host.equals("*") ? new InetSocketAddress(port) : new InetSocketAddress(host, port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    static int anyFree() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new Failure.Fatal("There is no free TCP port on this machine.", null, e);
        }
    }
}
