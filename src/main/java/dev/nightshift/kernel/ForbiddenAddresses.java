package dev.nightshift.kernel;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Where this installation never connects to, whatever people enter: whoever may name a host could otherwise have the
 * server ask what answers nobody but this machine, such as a cloud's metadata service. Asked with the address that is
 * about to be connected to, never with a name: what a name means may change between a look and the connect.
 */
public final class ForbiddenAddresses {
    /** NIGHTSHIFT_FORBIDDEN_ADDRESSES: ranges in CIDR form and single addresses, apart by commas; {@code none} for none. */
    public static final String SETTING = "nightshift.forbidden.addresses";

    private static final Pattern V4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
    private static final Pattern V6 = Pattern.compile("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

    /**
     * This network, link-local, multicast and broadcast; and the metadata services that lie elsewhere: Alibaba Cloud
     * 100.100.100.200, Azure 168.63.129.16, Oracle Cloud 192.0.0.192, AWS fd00:ec2::/32, Google Cloud fd20:ce::254.
     * Loopback and private networks are where databases are.
     */
    private static final String USUAL = "0.0.0.0/8,169.254.0.0/16,224.0.0.0/4,255.255.255.255,100.100.100.200,"
            + "168.63.129.16,192.0.0.192,::,fe80::/10,ff00::/8,fd00:ec2::/32,fd20:ce::254";

    public static final ForbiddenAddresses STANDARD = parse(USUAL);

    private final String text;
    private final List<Range> ranges;

    private ForbiddenAddresses(String text, List<Range> ranges) {
        this.text = text;
        this.ranges = List.copyOf(ranges);
    }

    /**
     * As configured.
     *
     * @throws IllegalArgumentException if it is no list of ranges; the message begins with the setting's name
     */
    public static ForbiddenAddresses of(TypedSettings settings) {
        return settings.text(SETTING).map(ForbiddenAddresses::parse).orElse(STANDARD);
    }

    /** From the form that {@link #text} gives. */
    public static ForbiddenAddresses parse(String text) {
        List<Range> ranges = new ArrayList<>();
        if (!text.strip().equals("none")) {
            for (String part : text.split(",", -1)) {
                ranges.add(Range.parse(part.strip()));
            }
        }
        return new ForbiddenAddresses(text, ranges);
    }

    /** As it was configured. */
    public String text() {
        return text;
    }

    public boolean forbids(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (ranges.stream().anyMatch(range -> range.holds(bytes))) {
            return true;
        }
        // What a NAT64 gateway (RFC 6052) or 6to4 (RFC 3056) makes of it on the way
        return bytes.length == 16
                && ((Range.NAT64.holds(bytes) && forbidsFour(bytes, 12))
                        || (Range.SIX_TO_FOUR.holds(bytes) && forbidsFour(bytes, 2)));
    }

    private boolean forbidsFour(byte[] bytes, int from) {
        byte[] four = Arrays.copyOfRange(bytes, from, from + 4);
        return ranges.stream().anyMatch(range -> range.holds(four));
    }

    /**
     * Lets pass what may be connected to.
     *
     * @param host as people entered it, for the message
     * @throws ForbiddenAddress if it may not
     */
    public void check(String host, InetAddress address) throws ForbiddenAddress {
        if (forbids(address)) {
            throw new ForbiddenAddress(host);
        }
    }

    /** Addresses whose first bits are these; those of IPv4 have 4 bytes, also where they are written as IPv6. */
    private record Range(InetAddress network, int bits) {
        static final Range NAT64 = parse("64:ff9b::/96");
        static final Range SIX_TO_FOUR = parse("2002::/16");

        static Range parse(String text) {
            int slash = text.indexOf('/');
            String address = slash < 0 ? text : text.substring(0, slash);
            try {
                if (!V4.matcher(address).matches() && !V6.matcher(address).matches()) {
                    throw wrong(text); // a name would be looked up
                }
                InetAddress network = InetAddress.getByName(address);
                int most = network.getAddress().length * 8;
                int bits = slash < 0 ? most : Integer.parseInt(text.substring(slash + 1));
                if (bits < 0 || bits > most) {
                    throw wrong(text);
                }
                return new Range(network, bits);
            } catch (UnknownHostException | NumberFormatException e) {
                throw wrong(text);
            }
        }

        private static IllegalArgumentException wrong(String text) {
            return new IllegalArgumentException(SETTING
                    + " is not a list of addresses and ranges like 169.254.0.0/16 or fe80::/10, apart by commas, or"
                    + " none: \"" + text + "\"");
        }

        boolean holds(byte[] address) {
            byte[] first = network.getAddress();
            if (first.length != address.length) {
                return false;
            }
            for (int bit = 0; bit < bits; bit++) {
                int mask = 0x80 >> (bit % 8);
                if ((first[bit / 8] & mask) != (address[bit / 8] & mask)) {
                    return false;
                }
            }
            return true;
        }
    }
}
