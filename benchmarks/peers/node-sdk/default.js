// $default: one post that tells the sender what is wrong, as ours.
const { ApiGatewayManagementApiClient, PostToConnectionCommand } = require("@aws-sdk/client-apigatewaymanagementapi");

const management = new ApiGatewayManagementApiClient({ endpoint: process.env.MANAGEMENT_ENDPOINT });

exports.handler = async (event) => {
  const ConnectionId = event.requestContext.connectionId;
  await management.send(new PostToConnectionCommand({ ConnectionId, Data: "unknown action" }));
  return { statusCode: 200 };
};
