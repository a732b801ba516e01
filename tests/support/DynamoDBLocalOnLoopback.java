import com.amazonaws.services.dynamodbv2.local.main.ServerRunner;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** DynamoDB Local, which has no option for it, made to listen on the loopback interface alone. */
public class DynamoDBLocalOnLoopback {
    public static void main(String[] args) throws Exception {
        var dynamodb = ServerRunner.createServerFromCommandLineArgs(args);
        var field = dynamodb.getClass().getDeclaredField("server");
        field.setAccessible(true);
        for (Connector connector : ((Server) field.get(dynamodb)).getConnectors()) {
            ((ServerConnector) connector).setHost("127.0.0.1");
        }
        dynamodb.start();
        dynamodb.join();
    }
}
